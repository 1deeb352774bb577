-- Tumbling windows with FILTER, DISTINCT, MIN and MAX; NULL is a group.
CREATE TABLE orders (id BIGINT, customer BIGINT, item STRING, amount DECIMAL(10, 2), ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '10' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${DATA}/orders', 'format' = 'json');
CREATE TABLE result (window_start TIMESTAMP(3), window_end TIMESTAMP(3), item STRING, orders BIGINT, with_amount BIGINT, customers BIGINT, big BIGINT, least BIGINT, most BIGINT) WITH ('connector' = 'filesystem', 'path' = '${OUTPUT}', 'format' = 'json');
INSERT INTO result
SELECT window_start, window_end, item, COUNT(*), COUNT(amount), COUNT(DISTINCT customer),
       COUNT(*) FILTER (WHERE amount > 900), MIN(id), MAX(id)
FROM TABLE(TUMBLE(TABLE orders, DESCRIPTOR(ts), INTERVAL '1' MINUTE))
GROUP BY window_start, window_end, item;
