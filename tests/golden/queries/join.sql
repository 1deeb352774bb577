-- Inner equi-join of two streams.
CREATE TABLE orders (id BIGINT, customer BIGINT, item STRING, amount DECIMAL(10, 2), ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '10' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${DATA}/orders', 'format' = 'json');
CREATE TABLE customers (id BIGINT, name STRING, state STRING)
WITH ('connector' = 'filesystem', 'path' = '${DATA}/customers', 'format' = 'json');
CREATE TABLE result (id BIGINT, name STRING, state STRING) WITH ('connector' = 'filesystem', 'path' = '${OUTPUT}', 'format' = 'json');
INSERT INTO result
SELECT o.id, c.name, c.state FROM orders AS o JOIN customers AS c ON o.customer = c.id
WHERE c.state IN ('OR', 'ID') AND MOD(o.id, 5) = 0;
