"""Broken copies of the Terraform module: the check that must notice, the file, and what stands there instead of what."""

MAIN, REST, HTTP, ALARMS, VARIABLES = "main.tf", "rest.tf", "http.tf", "alarms.tf", "variables.tf"
TTL = "  ttl {\n    attribute_name = \"ttl\"\n    enabled        = true\n  }\n\n"

COPIES = {
    "tables may be deleted": ("tables_are_the_same", MAIN, "deletion_protection_enabled = true", "deletion_protection_enabled = false"),
    "tables have no way back": ("tables_are_the_same", MAIN, "point_in_time_recovery {\n    enabled = true", "point_in_time_recovery {\n    enabled = false"),
    "the ledger ends by itself": ("tables_are_the_same", MAIN, '  range_key                   = "sk"\n\n', '  range_key                   = "sk"\n\n' + TTL),
    "tables end with the rest": ("tables_are_the_same", MAIN, "prevent_destroy = true", "prevent_destroy = false"),
    "the authorizer may write the ledger": ("policies_are_the_same", MAIN, '"dynamodb:BatchGetItem", "dynamodb:Query"]', '"dynamodb:BatchGetItem", "dynamodb:PutItem", "dynamodb:Query"]'),
    "the authorizer may write every table": ("policies_are_the_same", MAIN, "resources = [aws_dynamodb_table.buckets.arn]", 'resources = ["*"]'),
    "the authorizer may read every secret": ("policies_are_the_same", MAIN, "resources = [var.secret_arn]", 'resources = ["*"]'),
    "API Gateway gives up first": ("the_function_is_the_same", MAIN, "= 8\n", "= 30\n"),
    "secrets stand in the environment": ("the_function_is_the_same", MAIN, "TOLLGATE_SECRETS_ARN ", "TOLLGATE_SECRETS "),
    "decisions are kept": ("documents_are_the_same", "documents/rest.yaml", "authorizerResultTtlInSeconds: 0", "authorizerResultTtlInSeconds: 300"),
    "the HTTP API keeps decisions": ("documents_are_the_same", "documents/http.yaml", "authorizerResultTtlInSeconds: 0", "authorizerResultTtlInSeconds: 60"),
    "a gateway response is missing": ("documents_are_the_same", "documents/rest.yaml", "  AUTHORIZER_FAILURE:\n", "  WAF_FILTERED:\n"),
    "the HTTP API needs no key": ("documents_are_the_same", "documents/http.yaml", "      security:\n        - tollgate: []\n", ""),
    "execution is written to a log": ("stages_are_the_same", REST, 'logging_level      = "OFF"', 'logging_level      = "INFO"'),
    "bodies and headers are written to a log": ("stages_are_the_same", REST, "data_trace_enabled = false", "data_trace_enabled = true"),
    "the log has the path": ("stages_are_the_same", MAIN, '\\"resource\\":\\"$context.resourcePath\\"', '\\"path\\":\\"$context.path\\"'),
    "any API may ask the authorizer": ("only_our_authorizers_may_call", REST, "/authorizers/*", "/*"),
    "a log is kept for ever": ("logs_are_the_same", HTTP, "  retention_in_days = var.log_retention_days\n", ""),
    "nobody is told that nothing can be told": ("alarms_are_the_same", ALARMS, '$.event = \\"unavailable\\"', '$.event = \\"gone\\"'),
    "nobody is told of a table's bound": ("alarms_are_the_same", ALARMS, "WriteThrottleEvents", "ConsumedWriteCapacityUnits"),
    "an alarm waits for the tenth": ("alarms_are_the_same", ALARMS, "threshold           = 0", "threshold           = 10"),
    "a parameter has no variable": ("variables_are_the_parameters", VARIABLES, 'variable "alarm_topic_arn"', 'variable "alarm_topic"'),
    "any text is a secret's name": ("variables_are_the_parameters", VARIABLES, "-[A-Za-z0-9]{6}|ssm", "|ssm"),
    "the provider is any": ("the_provider_is_fixed", "versions.tf", '"= 6.', '">= 6.'),
    "an example has another provider": ("the_provider_is_fixed", "examples/http/main.tf", '"= 6.', '"= 5.'),
    "the README leaves an output out": ("the_readme_names_everything", "README.md", "`authorizer_arn`", "the ARN"),
    "equals signs stand anywhere": ("the_text_is_formatted", MAIN, "  memory_size                    =", "  memory_size ="),
    "tables are not encrypted": ("checkov_finds_nothing", MAIN, "  #checkov:skip=CKV_AWS_119: Sealed records without any key, encrypted under the account's key for DynamoDB.\n", ""),
}
