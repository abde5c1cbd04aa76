# Everything that `sam deploy` makes from template.yaml, with the same names and settings: a test compares them.

data "aws_caller_identity" "this" {}

data "aws_partition" "this" {}

data "aws_region" "this" {}

locals {
  with_rest   = contains(["rest", "both"], var.api) ? 1 : 0
  with_http   = contains(["http", "both"], var.api) ? 1 : 0
  secret_from = split(":", var.secret_arn)[2]
  execute_api = "arn:${data.aws_partition.this.partition}:execute-api:${data.aws_region.this.region}:${data.aws_caller_identity.this.account_id}"
  alarm_to    = var.alarm_topic_arn == null ? [] : [var.alarm_topic_arn]

  # Nothing that a client has sent, headers and paths least of all.
  rest_log_format = "{\"request\":\"$context.requestId\",\"at_ms\":\"$context.requestTimeEpoch\",\"method\":\"$context.httpMethod\",\"resource\":\"$context.resourcePath\",\"status\":\"$context.status\",\"code\":\"$context.authorizer.code\",\"key\":\"$context.authorizer.keyId\",\"tenant\":\"$context.authorizer.tenant\",\"authorizer\":\"$context.authorizer.error\"}"
  http_log_format = "{\"request\":\"$context.requestId\",\"at_ms\":\"$context.requestTimeEpoch\",\"method\":\"$context.httpMethod\",\"route\":\"$context.routeKey\",\"status\":\"$context.status\",\"code\":\"$context.authorizer.code\",\"key\":\"$context.authorizer.keyId\",\"tenant\":\"$context.authorizer.tenant\",\"authorizer\":\"$context.authorizer.error\"}"
}

# What is leased of limits and quotas: docs/spec/dynamodb.md. A bucket that is full again may be forgotten.
resource "aws_dynamodb_table" "buckets" {
  #checkov:skip=CKV_AWS_119: Counters under names, encrypted under the account's key for DynamoDB.
  name                        = "${var.name}-buckets"
  billing_mode                = "PAY_PER_REQUEST"
  deletion_protection_enabled = true
  hash_key                    = "pk"

  attribute {
    name = "pk"
    type = "S"
  }

  ttl {
    attribute_name = "ttl"
    enabled        = true
  }

  point_in_time_recovery {
    enabled = true
  }

  server_side_encryption {
    enabled = true
  }

  lifecycle {
    prevent_destroy = true
  }
}

# Keys, owners, tenants, shared limits and the head. Nothing of it ends by itself, so there is no time to live.
resource "aws_dynamodb_table" "ledger" {
  #checkov:skip=CKV_AWS_119: Sealed records without any key, encrypted under the account's key for DynamoDB.
  name                        = "${var.name}-ledger"
  billing_mode                = "PAY_PER_REQUEST"
  deletion_protection_enabled = true
  hash_key                    = "pk"
  range_key                   = "sk"

  attribute {
    name = "pk"
    type = "S"
  }

  attribute {
    name = "sk"
    type = "S"
  }

  point_in_time_recovery {
    enabled = true
  }

  server_side_encryption {
    enabled = true
  }

  lifecycle {
    prevent_destroy = true
  }
}

resource "aws_iam_role" "authorizer" {
  name_prefix = "${var.name}-authorizer-"

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "lambda.amazonaws.com" }
      Action    = "sts:AssumeRole"
    }]
  })
}

# The authorizer reads the ledger, writes buckets, reads one secret, and writes its own log.
data "aws_iam_policy_document" "authorizer" {
  statement {
    sid       = "ReadTheLedger"
    actions   = ["dynamodb:GetItem", "dynamodb:BatchGetItem", "dynamodb:Query"]
    resources = [aws_dynamodb_table.ledger.arn]
  }

  statement {
    sid       = "LeaseFromBuckets"
    actions   = ["dynamodb:GetItem", "dynamodb:UpdateItem"]
    resources = [aws_dynamodb_table.buckets.arn]
  }

  statement {
    sid       = "ReadTheSecret"
    actions   = [local.secret_from == "secretsmanager" ? "secretsmanager:GetSecretValue" : "ssm:GetParameter"]
    resources = [var.secret_arn]
  }

  dynamic "statement" {
    for_each = var.secret_key_arn == null ? [] : [var.secret_key_arn]

    content {
      sid       = "DecryptTheSecret"
      actions   = ["kms:Decrypt"]
      resources = [statement.value]

      condition {
        test     = "StringEquals"
        variable = "kms:ViaService"
        values   = ["${local.secret_from}.${data.aws_region.this.region}.${data.aws_partition.this.dns_suffix}"]
      }
    }
  }

  statement {
    sid       = "WriteTheLog"
    actions   = ["logs:CreateLogStream", "logs:PutLogEvents"]
    resources = ["${aws_cloudwatch_log_group.authorizer.arn}:*"]
  }
}

resource "aws_iam_role_policy" "authorizer" {
  name   = "authorizer"
  role   = aws_iam_role.authorizer.id
  policy = data.aws_iam_policy_document.authorizer.json
}

resource "aws_cloudwatch_log_group" "authorizer" {
  #checkov:skip=CKV_AWS_158: No secret is ever logged; CloudWatch encrypts under its own key.
  #checkov:skip=CKV_AWS_338: How long is the operator's to say; refusals name keys and owners.
  name              = "/aws/lambda/${var.name}-authorizer"
  retention_in_days = var.log_retention_days
}

resource "aws_lambda_function" "authorizer" {
  #checkov:skip=CKV_AWS_50: A trace of each decision costs more than the decision.
  #checkov:skip=CKV_AWS_115: reserved_concurrency sets it; by default the account's own bound holds.
  #checkov:skip=CKV_AWS_116: API Gateway waits for the answer; there is no event that could be kept for later.
  #checkov:skip=CKV_AWS_117: It speaks to DynamoDB, the secret and nobody else; a network of its own would need their endpoints.
  #checkov:skip=CKV_AWS_173: The environment holds names and settings; secrets are read by their ARN.
  #checkov:skip=CKV_AWS_272: The package is built by whoever deploys it.
  function_name                  = "${var.name}-authorizer"
  description                    = "Judges API keys for API Gateway"
  filename                       = var.package
  source_code_hash               = filebase64sha256(var.package)
  handler                        = "bootstrap"
  runtime                        = "provided.al2023"
  architectures                  = [var.architecture]
  memory_size                    = var.memory_size
  timeout                        = 8
  role                           = aws_iam_role.authorizer.arn
  reserved_concurrent_executions = var.reserved_concurrency

  logging_config {
    log_format = "Text"
    log_group  = aws_cloudwatch_log_group.authorizer.name
  }

  environment {
    variables = {
      TOLLGATE_CONFIG        = jsonencode(var.settings)
      TOLLGATE_LIMITS_EPOCH  = var.limits_epoch
      TOLLGATE_BUCKETS_TABLE = aws_dynamodb_table.buckets.name
      TOLLGATE_LEDGER_TABLE  = aws_dynamodb_table.ledger.name
      TOLLGATE_SECRETS_ARN   = var.secret_arn
    }
  }

  depends_on = [aws_iam_role_policy.authorizer]
}

# Whoever administers: the `tollgate` command writes the ledger and never a bucket.
data "aws_iam_policy_document" "administrator" {
  statement {
    sid = "KeepTheLedger"
    actions = [
      "dynamodb:BatchGetItem",
      "dynamodb:ConditionCheckItem",
      "dynamodb:DeleteItem",
      "dynamodb:DescribeTable",
      "dynamodb:GetItem",
      "dynamodb:PutItem",
      "dynamodb:Query",
      "dynamodb:UpdateItem",
    ]
    resources = [aws_dynamodb_table.ledger.arn]
  }
}

resource "aws_iam_policy" "administrator" {
  name_prefix = "${var.name}-administrator-"
  description = "Tollgate: make, change and revoke keys"
  policy      = data.aws_iam_policy_document.administrator.json
}
