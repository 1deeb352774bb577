-- The shape of Nexmark q5: hopping counts, their maximum per window, joined back.
CREATE TABLE orders (id BIGINT, customer BIGINT, item STRING, amount DECIMAL(10, 2), ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '10' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${DATA}/orders', 'format' = 'json');
CREATE TABLE result (window_end TIMESTAMP(3), bucket BIGINT, orders BIGINT) WITH ('connector' = 'filesystem', 'path' = '${OUTPUT}', 'format' = 'json');
CREATE VIEW counted AS
SELECT MOD(customer, 10) AS bucket, COUNT(*) AS num, window_start, window_end
FROM TABLE(HOP(TABLE orders, DESCRIPTOR(ts), INTERVAL '20' SECOND, INTERVAL '1' MINUTE))
GROUP BY MOD(customer, 10), window_start, window_end;
INSERT INTO result
SELECT c.window_end, c.bucket, c.num
FROM counted AS c
JOIN (SELECT MAX(num) AS maxn, window_start, window_end FROM counted GROUP BY window_start, window_end) AS m
ON c.window_start = m.window_start AND c.window_end = m.window_end AND c.num >= m.maxn;
