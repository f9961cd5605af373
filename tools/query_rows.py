"""Rows of any number of calls over a week, as SQL: what the measured queries are asked about.

Of 100 calls: 55 whole answers, 10 cut, 20 streams with usage, 5 without, 3 whole embeddings and
2 cut, 3 refused, 2 completions. Only chats that tell their usage have LLM log rows with tokens;
what is not streamed has the accounting header, as the gateway's policy writes it.
"""

from __future__ import annotations

from datetime import UTC, datetime

START = datetime(2026, 1, 1, tzinfo=UTC)
END = datetime(2026, 1, 8, tzinfo=UTC)
GATEWAY = "/gateway"
ACCOUNT = "/account"
IDENTITY = "identity"


def statements(calls: int) -> str:
    """Return the SQL that makes the workspace's four tables, and `truth`, for so many calls."""
    return f"""
CREATE TABLE truth AS
SELECT i, i % 100 AS kind, 'call-' || i AS id, 20 + i % 300 AS prompt,
  CASE WHEN i % 100 BETWEEN 90 AND 94 THEN 0 WHEN i % 100 BETWEEN 55 AND 64 THEN 2500
       ELSE 30 + i % 200 END AS completion,
  TIMESTAMP '2026-01-01' + to_milliseconds(i * 7 * 86400000 // {calls}) AS moment
FROM range({calls}) AS numbers(i);

CREATE TABLE ApiManagementGatewayLogs AS
SELECT moment AS TimeGenerated, id AS CorrelationId, 'miyagi-api' AS ApiId, 'POST' AS Method,
  'consumer-' || i % 40 AS ApimSubscriptionId, '10.0.0.' || i % 50 AS CallerIpAddress,
  CASE WHEN kind BETWEEN 90 AND 94 THEN 'Embeddings_Create' WHEN kind >= 98
       THEN 'Completions_Create' ELSE 'ChatCompletions_Create' END AS OperationId,
  'https://gateway/openai/deployments/model-' || i % 4 || '/chat/completions' AS Url,
  CASE WHEN kind BETWEEN 95 AND 97 THEN 429 ELSE 200 END AS ResponseCode,
  ResponseCode AS BackendResponseCode,
  'https://account/openai/deployments/model-' || i % 4 || '/chat/completions' AS BackendUrl,
  '' AS LastErrorReason, '' AS LastErrorMessage, '' AS LastErrorSource,
  '{{"messages":[{{"role":"user","content":"question ' || i % 5000 || repeat(' of some words', 20) || '"}}]}}' AS RequestBody,
  '' AS BackendRequestBody, '' AS ResponseBody, 400 AS RequestSize, 1200 AS ResponseSize,
  900 + i % 700 AS TotalTime, 800 + i % 700 AS BackendTime, 20 AS ClientTime,
  CASE WHEN kind BETWEEN 95 AND 97 THEN '{{"error":{{"code":"429","message":"slow down"}}}}'
       WHEN kind BETWEEN 55 AND 64 THEN '{{"choices":[{{"message":{{"content":"' || i || repeat('words in it ', 679)
       WHEN kind BETWEEN 93 AND 94 THEN '{{"object":"list","data":[{{"embedding":[' || i || repeat('0.012345678,', 679)
       WHEN kind BETWEEN 65 AND 89 THEN repeat('data: {{"id":"chatcmpl-' || i || '","choices":[{{"delta":{{"content":"a word "}}}}],"usage":null}}' || chr(10) || chr(10), 30)
         || CASE WHEN kind < 85 THEN 'data: {{"id":"chatcmpl","choices":[],"model":"gpt","usage":{{"prompt_tokens":' || prompt || ',"completion_tokens":' || completion || ',"total_tokens":' || prompt + completion || '}}}}' || chr(10) || chr(10) ELSE '' END
         || 'data: [DONE]' || chr(10)
       ELSE '{{"choices":[{{"message":{{"content":"' || i || repeat('words in it ', 80) || '"}}}}],"model":"gpt","usage":{{"prompt_tokens":' || prompt || ',"completion_tokens":' || completion || ',"total_tokens":' || prompt + completion || '}}}}'
  END AS BackendResponseBody,
  CASE WHEN kind BETWEEN 65 AND 89 THEN '{{}}' WHEN kind BETWEEN 95 AND 97
       THEN '{{"x-gateway-accounting":"{{model:null,usage:null,finish_reason:[],reason:null,code:429,answer_filter:[],prompt_filter:null,background:null}}"}}'
       ELSE '{{"x-gateway-accounting":"{{model:gpt,usage:{{prompt_tokens:' || prompt || ',completion_tokens:' || completion || ',total_tokens:' || prompt + completion || '}},finish_reason:[stop],reason:null,code:null,answer_filter:[],prompt_filter:null,background:null}}"}}'
  END::JSON AS ResponseHeaders, '{GATEWAY}' AS _ResourceId
FROM truth;

CREATE TABLE ApiManagementGatewayLlmLog AS
SELECT moment AS TimeGenerated, id AS CorrelationId, number::INTEGER AS SequenceNumber, 'chatcmpl-' || i AS RequestId,
  CASE WHEN number = 0 THEN 'model-' || i % 4 ELSE '' END AS DeploymentName,
  CASE WHEN number = 0 THEN 'gpt' ELSE '' END AS ModelName, kind BETWEEN 65 AND 89 AS IsStreamCompletion,
  CASE WHEN number = 0 THEN CASE WHEN kind < 85 THEN prompt ELSE 0 END END AS PromptTokens,
  CASE WHEN number = 0 THEN CASE WHEN kind < 85 THEN completion ELSE 0 END END AS CompletionTokens,
  PromptTokens + CompletionTokens AS TotalTokens,
  CASE WHEN number = 1 THEN '[{{"role":"user","content":"question ' || i % 5000 || repeat(' of some words', 20) || '"}}]' END::JSON AS RequestMessages,
  CASE WHEN number = 2 THEN '[{{"role":"assistant","content":"' || i || repeat(' some words', 40) || '"}}]' END::JSON AS ResponseMessages,
  '{GATEWAY}' AS _ResourceId
FROM truth CROSS JOIN range(3) AS numbers(number) WHERE kind < 90;

CREATE TABLE AzureDiagnostics AS
SELECT moment + INTERVAL 50 MILLISECOND AS TimeGenerated, 'account-' || i AS CorrelationId,
  'MICROSOFT.COGNITIVESERVICES' AS ResourceProvider, 'RequestResponse' AS Category,
  'ChatCompletions_Create' AS OperationName,
  CASE WHEN kind BETWEEN 95 AND 97 THEN '429' ELSE '200' END AS ResultSignature,
  800 + i % 700 AS DurationMs, '10.1.0.*' AS CallerIPAddress,
  '{{"modelDeploymentName":"model-' || i % 4 || '","modelName":"gpt","modelVersion":"1","streamType":"Streaming","requestTime":1,"responseTime":2,"objectId":"{IDENTITY}"}}' AS properties_s,
  '{ACCOUNT}' AS _ResourceId
FROM truth;

CREATE TABLE AzureMetrics AS
SELECT date_trunc('minute', moment) AS TimeGenerated, name AS MetricName, count(*)::DOUBLE AS Total,
  count(*)::DOUBLE AS Count, 1.0::DOUBLE AS Maximum, CASE WHEN name = 'Requests' THEN '{GATEWAY}' ELSE '{ACCOUNT}' END AS _ResourceId
FROM truth CROSS JOIN (VALUES ('Requests'), ('AzureOpenAIRequests')) AS names(name) GROUP BY ALL
UNION ALL
SELECT date_trunc('minute', moment), 'TokenTransaction', sum(prompt + completion)::DOUBLE, count(*)::DOUBLE, 1.0, '{ACCOUNT}'
FROM truth GROUP BY ALL;
"""  # noqa: E501, S608 rows are made as short SQL of this file's own constants
