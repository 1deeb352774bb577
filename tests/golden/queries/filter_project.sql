-- Filter, CASE, string functions.
CREATE TABLE orders (id BIGINT, customer BIGINT, item STRING, amount DECIMAL(10, 2), ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '10' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${DATA}/orders', 'format' = 'json');
CREATE TABLE result (id BIGINT, label STRING, size STRING) WITH ('connector' = 'filesystem', 'path' = '${OUTPUT}', 'format' = 'json');
INSERT INTO result
SELECT id, UPPER(COALESCE(item, 'none')) || '-' || CAST(customer AS STRING),
       CASE WHEN amount >= 500 THEN 'large' ELSE 'small' END
FROM orders WHERE amount IS NOT NULL AND MOD(customer, 7) = 3;
