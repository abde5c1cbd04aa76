"""Broken copies of `template.yaml`: the rule that must notice, and what stands there instead of what. What is to be replaced
stands there at least once; all of it is."""

from . import rules

TTL = "authorizerResultTtlInSeconds: 0"
PROTECTED, RECOVERED, KEPT = "      DeletionProtectionEnabled: true\n", "      PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true }\n", "    DeletionPolicy: Retain\n"
RANGE = "        - { AttributeName: sk, KeyType: RANGE }\n"
READS = "Action: [dynamodb:GetItem, dynamodb:BatchGetItem, dynamodb:Query]\n                Resource: !GetAtt Ledger.Arn"
LEASES = "Action: [dynamodb:GetItem, dynamodb:UpdateItem]\n                Resource: !GetAtt Buckets.Arn"
SECURED = "            x-amazon-apigateway-any-method:\n              security:\n                - tollgate: []\n"
STATUS = "            statusCode: \"403\"\n"

COPIES = {
    "decisions are kept for five minutes": (rules.no_decision_is_kept, TTL, "authorizerResultTtlInSeconds: 300"),
    "how long decisions are kept is left to API Gateway": (rules.no_decision_is_kept, f"                {TTL}\n", ""),
    "API Gateway looks for the key itself": (rules.no_decision_is_kept, TTL, f"{TTL}\n                identitySource: method.request.header.X-API-Key"),
    "the HTTP API is told yes or no": (rules.no_decision_is_kept, "enableSimpleResponses: false", "enableSimpleResponses: true"),
    "one path needs no key": (rules.nobody_comes_by_the_authorizer, f"/{{proxy+}}:\n{SECURED}", "/{proxy+}:\n            x-amazon-apigateway-any-method:\n              security: []\n"),
    "the HTTP API needs no key": (rules.nobody_comes_by_the_authorizer, "isDefaultRoute: true\n              security:\n                - tollgate: []\n", "isDefaultRoute: true\n"),
    "any API may ask the authorizer": (rules.nobody_comes_by_the_authorizer, "${RestApi}/authorizers/*", "*"),
    "the origin is sent the identity that the client wrote": (
        rules.the_origin_gets_our_identity_and_no_key, "integration.request.header.Tollgate-Identity: context.authorizer.identity", "integration.request.header.Tollgate-Identity: method.request.header.Tollgate-Identity"),
    "the HTTP API appends the identity": (rules.the_origin_gets_our_identity_and_no_key, "overwrite:header.tollgate-identity", "append:header.tollgate-identity"),
    "the origin is sent the key": (rules.the_origin_gets_our_identity_and_no_key, "                  remove:header.x-api-key: \"''\"\n          # HTTP", "          # HTTP"),
    "the key is taken from where it cannot be removed": (rules.the_origin_gets_our_identity_and_no_key, ',"routes":[{"path":"/**","key_from":"x-api-key"}]', ""),
    "a refusal has no body of ours": (rules.refusals_are_told_as_problems, "          ACCESS_DENIED:\n", "          INVALID_API_KEY:\n"),
    "a body names what the authorizer does not say": (rules.refusals_are_told_as_problems, "$context.authorizer.body", "$context.authorizer.problem"),
    "a body is a program": (rules.refusals_are_told_as_problems, "application/json: $context.authorizer.body", "application/json: '#set($context.responseOverride.status = $context.authorizer.status)$context.authorizer.body'"),
    "a limit does not say when to come back": (rules.refusals_are_told_as_problems, "              gatewayresponse.header.Retry-After: context.authorizer.retryAfter\n", ""),
    "a refusal is a success": (rules.refusals_are_told_as_problems, STATUS, STATUS.replace("403", "200")),
    "a failure is told as a refusal": (rules.refusals_are_told_as_problems, "AUTHORIZER_FAILURE:\n            statusCode: \"503\"", "AUTHORIZER_FAILURE:\n            statusCode: \"401\""),
    "caches may keep refusals": (rules.refusals_are_told_as_problems, "'no-store'", "'max-age=60'"),
    "the origin is asked for the public keys": (rules.the_public_keys_need_no_code, "type: mock\n", "type: http_proxy\n"),
    "public keys need a key": (rules.the_public_keys_need_no_code, "            get:\n              security: []\n              responses:\n                \"200\"", "            get:\n              security:\n                - tollgate: []\n              responses:\n                \"200\""),
    "private keys are published": (rules.only_public_keys_are_taken_for_public, '^(?!.*"d"\\s*:)', "^"),
    "bodies and headers are written to a log": (rules.no_trace_holds_what_was_sent, "DataTraceEnabled: false", "DataTraceEnabled: true"),
    "execution is written to a log": (rules.no_trace_holds_what_was_sent, 'LoggingLevel: "OFF"', "LoggingLevel: INFO"),
    "answers are kept for others": (rules.no_trace_holds_what_was_sent, "CachingEnabled: false", "CachingEnabled: true"),
    "the log has the path, and the key in it": (rules.no_trace_holds_what_was_sent, '"resource":"$context.resourcePath"', '"path":"$context.path"'),
    "the log has the identity": (rules.no_trace_holds_what_was_sent, "$context.authorizer.keyId", "$context.authorizer.identity"),
    "tables may be deleted": (rules.tables_outlive_a_mistake, PROTECTED, ""),
    "tables have no way back": (rules.tables_outlive_a_mistake, RECOVERED, ""),
    "tables end with their stack": (rules.tables_outlive_a_mistake, KEPT, ""),
    "the ledger ends by itself": (rules.only_buckets_are_forgotten, RANGE, RANGE + "      TimeToLiveSpecification: { AttributeName: ttl, Enabled: true }\n"),
    "buckets never end": (rules.only_buckets_are_forgotten, "      TimeToLiveSpecification: { AttributeName: ttl, Enabled: true }\n", ""),
    "the authorizer may do everything to the ledger": (rules.the_authorizer_may_do_what_it_must, READS, READS.replace("[dynamodb:GetItem, dynamodb:BatchGetItem, dynamodb:Query]", "dynamodb:*")),
    "the authorizer may write the ledger": (rules.the_authorizer_may_do_what_it_must, READS, READS.replace("dynamodb:Query]", "dynamodb:Query, dynamodb:PutItem]")),
    "the authorizer may write every table": (rules.the_authorizer_may_do_what_it_must, LEASES, LEASES.replace("!GetAtt Buckets.Arn", '"*"')),
    "the authorizer may read every secret": (rules.the_authorizer_may_do_what_it_must, "Resource: !Ref SecretArn", 'Resource: "*"'),
    "administrators may do everything": (rules.the_authorizer_may_do_what_it_must, "              - dynamodb:DeleteItem\n", "              - dynamodb:*\n"),
    "secrets stand in the environment": (rules.the_function_is_what_was_built, "TOLLGATE_SECRETS_ARN:", "TOLLGATE_SECRETS:"),
    "API Gateway gives up first": (rules.the_function_is_what_was_built, "      Timeout: 8\n", "      Timeout: 30\n"),
    "a log is kept for ever": (rules.logs_end, '      LogGroupName: !Sub "/aws/apigateway/${Name}-http"\n      RetentionInDays: !Ref LogRetentionDays\n', '      LogGroupName: !Sub "/aws/apigateway/${Name}-http"\n'),
    "nobody is told that nothing can be told": (rules.somebody_is_told, '$.event = "unavailable"', '$.code = "unavailable"'),
    "nobody is told of a table's bound": (rules.somebody_is_told, "MetricName: WriteThrottleEvents", "MetricName: ConsumedWriteCapacityUnits"),
}
