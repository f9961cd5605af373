CREATE OR REPLACE TABLE AzureMetrics AS
WITH measured AS (SELECT *, count(*) AS times FROM AzureMetrics GROUP BY ALL),
minutes AS (
  SELECT * REPLACE (
    date_trunc('minute', TimeGenerated) AS TimeGenerated,
    sum(Total) AS Total, sum("Count") AS "Count", max(Maximum) AS Maximum, min(Minimum) AS Minimum,
    sum(Total) / sum("Count") AS Average, sum(_BilledSize) AS _BilledSize, max(times) AS times
  ) FROM measured GROUP BY ALL
)
SELECT minutes.* EXCLUDE (times) FROM minutes, range(minutes.times)
