# The REST API. It is one document, because the provider's resource cannot make an authorizer without an identity source.

resource "aws_api_gateway_rest_api" "rest" {
  count = local.with_rest

  name = "${var.name}-rest"

  body = jsonencode(yamldecode(templatefile("${path.module}/documents/rest.yaml", {
    name           = var.name
    origin_url     = var.origin_url
    public_keys    = var.public_keys
    authorizer_uri = aws_lambda_function.authorizer.invoke_arn
  })))

  endpoint_configuration {
    types = ["REGIONAL"]
  }

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_lambda_permission" "rest" {
  count = local.with_rest

  statement_id  = "RestMayAsk"
  action        = "lambda:InvokeFunction"
  function_name = aws_lambda_function.authorizer.arn
  principal     = "apigateway.amazonaws.com"
  source_arn    = "${local.execute_api}:${aws_api_gateway_rest_api.rest[0].id}/authorizers/*"
}

resource "aws_api_gateway_deployment" "rest" {
  count = local.with_rest

  rest_api_id = aws_api_gateway_rest_api.rest[0].id

  triggers = {
    redeployment = sha256(aws_api_gateway_rest_api.rest[0].body)
  }

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_api_gateway_stage" "rest" {
  #checkov:skip=CKV_AWS_120: Answers to one key must not be given to another, so there is no cache.
  #checkov:skip=CKV_AWS_73: A trace of each request is the operator's to switch on.
  #checkov:skip=CKV2_AWS_51: Callers prove themselves with keys; a certificate of theirs is the operator's to ask for.
  #checkov:skip=CKV2_AWS_29: A firewall in front is the operator's to add.
  #checkov:skip=CKV2_AWS_4: Execution logs would hold the key and the identity. Access logs are on.
  count = local.with_rest

  rest_api_id           = aws_api_gateway_rest_api.rest[0].id
  deployment_id         = aws_api_gateway_deployment.rest[0].id
  stage_name            = var.stage_name
  xray_tracing_enabled  = false
  cache_cluster_enabled = false

  access_log_settings {
    destination_arn = aws_cloudwatch_log_group.rest[0].arn
    format          = local.rest_log_format
  }
}

resource "aws_api_gateway_method_settings" "rest" {
  #checkov:skip=CKV_AWS_225: Answers to one key must not be given to another, so there is no cache.
  count = local.with_rest

  rest_api_id = aws_api_gateway_rest_api.rest[0].id
  stage_name  = aws_api_gateway_stage.rest[0].stage_name
  method_path = "*/*"

  settings {
    # Execution logs would hold headers and the authorizer's context: the key and the identity.
    data_trace_enabled = false
    logging_level      = "OFF"
    metrics_enabled    = true
    caching_enabled    = false
  }
}

resource "aws_cloudwatch_log_group" "rest" {
  #checkov:skip=CKV_AWS_158: No header and no path is in it; CloudWatch encrypts under its own key.
  #checkov:skip=CKV_AWS_338: For how long is the operator's to say.
  count = local.with_rest

  name              = "/aws/apigateway/${var.name}-rest"
  retention_in_days = var.log_retention_days
}
