# The HTTP API, and the small REST API that tells the public keys for it: HTTP APIs answer nothing themselves.

resource "aws_apigatewayv2_api" "http" {
  count = local.with_http

  name          = "${var.name}-http"
  protocol_type = "HTTP"

  body = jsonencode(yamldecode(templatefile("${path.module}/documents/http.yaml", {
    name            = var.name
    origin_url      = var.origin_url
    authorizer_uri  = aws_lambda_function.authorizer.invoke_arn
    public_keys_url = aws_api_gateway_stage.public_keys[0].invoke_url
  })))
}

resource "aws_lambda_permission" "http" {
  count = local.with_http

  statement_id  = "HttpMayAsk"
  action        = "lambda:InvokeFunction"
  function_name = aws_lambda_function.authorizer.arn
  principal     = "apigateway.amazonaws.com"
  source_arn    = "${local.execute_api}:${aws_apigatewayv2_api.http[0].id}/authorizers/*"
}

resource "aws_apigatewayv2_stage" "http" {
  count = local.with_http

  api_id      = aws_apigatewayv2_api.http[0].id
  name        = "$default"
  auto_deploy = true

  default_route_settings {
    detailed_metrics_enabled = true
    # The provider would set bounds of 0 and 0 where these are left out: nobody would pass.
    throttling_burst_limit = 5000
    throttling_rate_limit  = 10000
  }

  access_log_settings {
    destination_arn = aws_cloudwatch_log_group.http[0].arn
    format          = local.http_log_format
  }
}

resource "aws_cloudwatch_log_group" "http" {
  #checkov:skip=CKV_AWS_158: No header and no path is in it; CloudWatch encrypts under its own key.
  #checkov:skip=CKV_AWS_338: For how long is the operator's to say.
  count = local.with_http

  name              = "/aws/apigateway/${var.name}-http"
  retention_in_days = var.log_retention_days
}

resource "aws_api_gateway_rest_api" "public_keys" {
  count = local.with_http

  name = "${var.name}-public-keys"

  body = jsonencode(yamldecode(templatefile("${path.module}/documents/public-keys.yaml", {
    name        = var.name
    public_keys = var.public_keys
  })))

  endpoint_configuration {
    types = ["REGIONAL"]
  }

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_api_gateway_deployment" "public_keys" {
  count = local.with_http

  rest_api_id = aws_api_gateway_rest_api.public_keys[0].id

  triggers = {
    redeployment = sha256(aws_api_gateway_rest_api.public_keys[0].body)
  }

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_api_gateway_stage" "public_keys" {
  #checkov:skip=CKV_AWS_76: It tells everybody the same public document.
  #checkov:skip=CKV_AWS_120: There is nothing behind it that a cache would spare.
  #checkov:skip=CKV_AWS_73: There is nothing behind it to trace.
  #checkov:skip=CKV2_AWS_51: It is for everybody.
  #checkov:skip=CKV2_AWS_29: It is for everybody.
  #checkov:skip=CKV2_AWS_4: There is nothing behind it to log.
  count = local.with_http

  rest_api_id           = aws_api_gateway_rest_api.public_keys[0].id
  deployment_id         = aws_api_gateway_deployment.public_keys[0].id
  stage_name            = var.stage_name
  xray_tracing_enabled  = false
  cache_cluster_enabled = false
}

resource "aws_api_gateway_method_settings" "public_keys" {
  #checkov:skip=CKV_AWS_225: There is nothing behind it that a cache would spare.
  count = local.with_http

  rest_api_id = aws_api_gateway_rest_api.public_keys[0].id
  stage_name  = aws_api_gateway_stage.public_keys[0].stage_name
  method_path = "*/*"

  settings {
    data_trace_enabled = false
    logging_level      = "OFF"
    caching_enabled    = false
  }
}
