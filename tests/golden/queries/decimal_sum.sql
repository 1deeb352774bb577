-- Exact decimal sums in a changelog.
CREATE TABLE orders (id BIGINT, customer BIGINT, item STRING, amount DECIMAL(10, 2), ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '10' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${DATA}/orders', 'format' = 'json');
CREATE TABLE result (bucket BIGINT, total DECIMAL(20, 2), counted BIGINT) WITH ('connector' = 'filesystem', 'path' = '${OUTPUT}', 'format' = 'debezium-json');
INSERT INTO result
SELECT MOD(customer, 3), CAST(SUM(amount) AS DECIMAL(20, 2)), COUNT(amount) FROM orders GROUP BY MOD(customer, 3);
