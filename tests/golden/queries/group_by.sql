-- A changelog: groups with HAVING come, change and go.
CREATE TABLE orders (id BIGINT, customer BIGINT, item STRING, amount DECIMAL(10, 2), ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '10' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${DATA}/orders', 'format' = 'json');
CREATE TABLE result (customer BIGINT, orders BIGINT, first_id BIGINT, items BIGINT) WITH ('connector' = 'filesystem', 'path' = '${OUTPUT}', 'format' = 'debezium-json');
INSERT INTO result
SELECT customer, COUNT(*), MIN(id), COUNT(DISTINCT item) FROM orders GROUP BY customer HAVING COUNT(*) >= 20;
