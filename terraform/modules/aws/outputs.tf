output "buckets_table" {
  description = "The table that limits and quotas are leased from."
  value       = aws_dynamodb_table.buckets.name
}

output "ledger_table" {
  description = "The table of keys, which the tollgate command writes."
  value       = aws_dynamodb_table.ledger.name
}

output "authorizer_arn" {
  description = "The authorizer, for an API of your own."
  value       = aws_lambda_function.authorizer.arn
}

output "administrator_policy_arn" {
  description = "What whoever makes and revokes keys is to be given."
  value       = aws_iam_policy.administrator.arn
}

output "rest_url" {
  description = "The REST API; null if there is none."
  value       = one(aws_api_gateway_stage.rest[*].invoke_url)
}

output "http_url" {
  description = "The HTTP API; null if there is none."
  value       = one(aws_apigatewayv2_api.http[*].api_endpoint)
}
