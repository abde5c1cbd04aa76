# terraform init -backend=false && terraform test: nothing is asked of AWS.

mock_provider "aws" {
  mock_data "aws_partition" {
    defaults = { partition = "aws", dns_suffix = "amazonaws.com" }
  }

  mock_data "aws_region" {
    defaults = { region = "eu-central-1" }
  }

  mock_data "aws_caller_identity" {
    defaults = { account_id = "123456789012" }
  }

  mock_data "aws_iam_policy_document" {
    defaults = { json = "{}" }
  }
}

variables {
  api        = "both"
  origin_url = "https://origin.example.com"
  # Any file will do: nothing is uploaded.
  package    = "./versions.tf"
  secret_arn = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:tollgate-AbCdEf"
}

run "tables_are_protected_and_only_buckets_are_forgotten" {
  command = plan

  assert {
    condition = alltrue([
      for table in [aws_dynamodb_table.buckets, aws_dynamodb_table.ledger] :
      table.deletion_protection_enabled && table.point_in_time_recovery[0].enabled && table.server_side_encryption[0].enabled
    ])
    error_message = "A table can be deleted, has no way back, or is not encrypted."
  }

  assert {
    condition     = aws_dynamodb_table.buckets.ttl[0].attribute_name == "ttl" && aws_dynamodb_table.buckets.ttl[0].enabled
    error_message = "Buckets are kept for ever."
  }

  assert {
    condition     = length([for ttl in aws_dynamodb_table.ledger.ttl : ttl if ttl.enabled]) == 0
    error_message = "What is in the ledger would end by itself."
  }
}

run "traces_are_off" {
  command = plan

  assert {
    condition     = !aws_api_gateway_method_settings.rest[0].settings[0].data_trace_enabled
    error_message = "Execution logs would hold keys."
  }
}

run "each_api_is_made_where_it_is_wanted" {
  command = plan

  variables {
    api = "http"
  }

  assert {
    condition     = length(aws_api_gateway_rest_api.rest) == 0 && length(aws_apigatewayv2_api.http) == 1
    error_message = "Another API is made than was wanted."
  }
}

run "a_private_key_is_no_public_one" {
  command = plan

  variables {
    public_keys = "{\"keys\":[{\"kty\":\"OKP\",\"x\":\"AA\",\"d\":\"AA\"}]}"
  }

  expect_failures = [var.public_keys]
}

run "every_secret_is_not_one_secret" {
  command = plan

  variables {
    secret_arn = "*"
  }

  expect_failures = [var.secret_arn]
}
