# What an operator is told.

locals {
  # Lines of the authorizer's log that are counted. Lambda's own count of errors has every 401 in it, because an error is how
  # an authorizer says 401; these are ours.
  counts = {
    unavailable = "{ ($.event = \"unavailable\") || ($.event = \"not_started\") }"
    failed      = "?\"Task timed out\" ?\"Runtime.ExitError\" ?\"Runtime exited\""
  }

  alarms = {
    unavailable = {
      description = "Requests were refused because the store or the ledger could not be asked."
      namespace   = "Tollgate"
      metric      = "${var.name}-unavailable"
      dimensions  = {}
    }

    failed = {
      description = "The authorizer ended or ran out of time. Its callers were refused."
      namespace   = "Tollgate"
      metric      = "${var.name}-failed"
      dimensions  = {}
    }

    throttles = {
      description = "More authorizers were wanted than may run at one time. Callers were refused."
      namespace   = "AWS/Lambda"
      metric      = "Throttles"
      dimensions  = { FunctionName = aws_lambda_function.authorizer.function_name }
    }

    buckets-throttled = {
      description = "Leases met the bound of the table or of one item. Limits admit less than they could."
      namespace   = "AWS/DynamoDB"
      metric      = "WriteThrottleEvents"
      dimensions  = { TableName = aws_dynamodb_table.buckets.name }
    }

    ledger-throttled = {
      description = "The head or records could not be read. Revocation is late, or keys are refused."
      namespace   = "AWS/DynamoDB"
      metric      = "ReadThrottleEvents"
      dimensions  = { TableName = aws_dynamodb_table.ledger.name }
    }
  }
}

resource "aws_cloudwatch_log_metric_filter" "authorizer" {
  for_each = local.counts

  name           = "${var.name}-${each.key}"
  log_group_name = aws_cloudwatch_log_group.authorizer.name
  pattern        = each.value

  metric_transformation {
    namespace     = "Tollgate"
    name          = "${var.name}-${each.key}"
    value         = "1"
    default_value = "0"
  }
}

resource "aws_cloudwatch_metric_alarm" "this" {
  for_each = local.alarms

  alarm_name          = "${var.name}-${each.key}"
  alarm_description   = each.value.description
  namespace           = each.value.namespace
  metric_name         = each.value.metric
  dimensions          = each.value.dimensions
  statistic           = "Sum"
  period              = 60
  evaluation_periods  = 1
  threshold           = 0
  comparison_operator = "GreaterThanThreshold"
  treat_missing_data  = "notBreaching"
  alarm_actions       = local.alarm_to
}
