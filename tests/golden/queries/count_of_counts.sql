-- Aggregation of a changelog: retractions go through the second GROUP BY.
CREATE TABLE orders (id BIGINT, customer BIGINT, item STRING, amount DECIMAL(10, 2), ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '10' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${DATA}/orders', 'format' = 'json');
CREATE TABLE result (orders BIGINT, customers BIGINT) WITH ('connector' = 'filesystem', 'path' = '${OUTPUT}', 'format' = 'debezium-json');
INSERT INTO result
SELECT num, COUNT(*) FROM (SELECT customer, COUNT(*) AS num FROM orders GROUP BY customer) AS c GROUP BY num;
