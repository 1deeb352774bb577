-- UNION ALL, LIKE, CAST.
CREATE TABLE orders (id BIGINT, customer BIGINT, item STRING, amount DECIMAL(10, 2), ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '10' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${DATA}/orders', 'format' = 'json');
CREATE TABLE result (kind STRING, id BIGINT, what STRING) WITH ('connector' = 'filesystem', 'path' = '${OUTPUT}', 'format' = 'json');
INSERT INTO result
SELECT 'fruit', id, item FROM orders WHERE item LIKE 'p%' AND MOD(id, 11) = 0
UNION ALL
SELECT 'customer', id, CAST(customer AS STRING) FROM orders WHERE MOD(id, 97) = 0;
