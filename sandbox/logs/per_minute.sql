CREATE OR REPLACE TABLE AzureMetrics AS SELECT * REPLACE (
  date_trunc('minute', TimeGenerated) AS TimeGenerated,
  sum(Total) AS Total, sum("Count") AS "Count", max(Maximum) AS Maximum, min(Minimum) AS Minimum,
  sum(Total) / sum("Count") AS Average, sum(_BilledSize) AS _BilledSize
) FROM AzureMetrics GROUP BY ALL
