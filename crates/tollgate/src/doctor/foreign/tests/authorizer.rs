//! Our own authorizer on AWS: what is told of its template, and of its nearest neighbour.

use std::{fs, path::Path};

use super::{
    CACHE, FORGETTING, LEAVES_OPEN, OPEN_VARIABLE, TRACED, UNGUARDED, UNPROTECTED, UNWRITTEN,
    WHOLE_STAGE, YES_OR_NO, codes, config, remarks,
};

/// A template of which nothing is told.
const TEMPLATE: &str = "\
Resources:
  Buckets:
    Type: AWS::DynamoDB::Table
    Properties:
      DeletionProtectionEnabled: true
      PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true }
      TimeToLiveSpecification: { AttributeName: ttl, Enabled: true }
  Ledger:
    Type: AWS::DynamoDB::Table
    Properties:
      DeletionProtectionEnabled: true # of the ledger
      PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true } # too
  Authorizer:
    Type: AWS::Serverless::Function
    Properties:
      Environment:
        Variables:
          TOLLGATE_BUCKETS_TABLE: !Ref Buckets
          TOLLGATE_LEDGER_TABLE: !Ref Ledger
          TOLLGATE_SECRETS_ARN: !Ref SecretArn
  Api:
    Type: AWS::Serverless::Api
    Properties:
      MethodSettings:
        - { HttpMethod: '*', DataTraceEnabled: false }
      DefinitionBody:
        components:
          securitySchemes:
            tollgate:
              x-amazon-apigateway-authorizer:
                type: request
                authorizerPayloadFormatVersion: '2.0'
                authorizerResultTtlInSeconds: 0
                enableSimpleResponses: true
        paths:
          /{proxy+}:
            x-amazon-apigateway-any-method:
              security:
                - tollgate: []
              x-amazon-apigateway-integration:
                type: http_proxy
                requestParameters:
                  integration.request.header.Tollgate-Identity: context.authorizer.identity
";

/// What is put in the place of what, what is told of that, and what is put in the place of the same and is harmless.
type Change = (&'static str, &'static str, &'static [&'static str], &'static str);

const CHANGES: [Change; 12] = [
    (
        "DeletionProtectionEnabled: true # of the ledger",
        "BillingMode: PAY_PER_REQUEST",
        &[UNPROTECTED],
        "DeletionProtectionEnabled: 'true'",
    ),
    (
        "{ PointInTimeRecoveryEnabled: true } # too",
        "{ PointInTimeRecoveryEnabled: false }",
        &[UNPROTECTED],
        "{ PointInTimeRecoveryEnabled: true, RecoveryPeriodInDays: 7 }",
    ),
    (
        "DeletionProtectionEnabled: true # of the ledger",
        "DeletionProtectionEnabled: true\n      TimeToLiveSpecification: { AttributeName: ttl, Enabled: true }",
        &[FORGETTING],
        "DeletionProtectionEnabled: true\n      TimeToLiveSpecification: { AttributeName: ttl, Enabled: false }",
    ),
    ("!Ref Ledger", "ledger", &[LEAVES_OPEN], "{ Ref: Ledger }"),
    ("!Ref Ledger", "!Ref Other", &[LEAVES_OPEN], "!Ref Ledger # here"),
    (
        "TOLLGATE_SECRETS_ARN: !Ref SecretArn",
        "TOLLGATE_SECRETS: '{}'",
        &[OPEN_VARIABLE],
        "TOLLGATE_SECRETS_ARN: arn",
    ),
    (
        "TOLLGATE_SECRETS_ARN: !Ref SecretArn",
        "TOLLGATE_AUTHORIZER_POLICY: stage",
        &[WHOLE_STAGE],
        "TOLLGATE_AUTHORIZER_POLICY: method",
    ),
    ("DataTraceEnabled: false", "DataTraceEnabled: true", &[TRACED], "LoggingLevel: INFO"),
    ("Seconds: 0", "Seconds: 60", &[CACHE, YES_OR_NO], "Seconds: 0 # none"),
    (
        "Seconds: 0\n                enableSimpleResponses: true",
        "Seconds: 60\n                enableSimpleResponses: false",
        &[CACHE],
        "Seconds: 0\n                enableSimpleResponses: false",
    ),
    (
        "              security:\n                - tollgate: []\n",
        "              security: []\n",
        &[UNGUARDED],
        "              security: [{ tollgate: [] }]\n",
    ),
    (
        "context.authorizer.identity",
        "method.request.header.Tollgate-Identity",
        &[UNWRITTEN],
        "context.authorizer.identity # ours",
    ),
];

#[test]
fn every_authorizer_is_told_from_its_harmless_neighbour() {
    assert_eq!(codes("template.yaml", TEMPLATE), [""; 0]);
    for (part, bad, told, good) in CHANGES {
        assert_eq!(TEMPLATE.matches(part).count(), 1, "{part}");
        assert_eq!(codes("template.yaml", &TEMPLATE.replace(part, bad)), told, "{bad}");
        assert_eq!(codes("template.yaml", &TEMPLATE.replace(part, good)), [""; 0], "{good}");
    }
}

/// The same in Terraform.
const MAIN: &str = r#"
resource "aws_dynamodb_table" "buckets" {
  deletion_protection_enabled = true
  point_in_time_recovery { enabled = true }
  ttl {
    attribute_name = "ttl"
    enabled        = true
  }
}

resource "aws_dynamodb_table" "ledger" {
  deletion_protection_enabled = true # of the ledger

  point_in_time_recovery {
    enabled = true # too
  }
}

resource "aws_lambda_function" "authorizer" {
  environment {
    variables = {
      TOLLGATE_BUCKETS_TABLE = aws_dynamodb_table.buckets.name
      TOLLGATE_LEDGER_TABLE  = aws_dynamodb_table.ledger.name
      TOLLGATE_SECRETS_ARN   = var.secret_arn
    }
  }
}

resource "aws_api_gateway_method_settings" "rest" {
  settings {
    data_trace_enabled = false
  }
}
"#;

const IN_TERRAFORM: [Change; 7] = [
    ("= true # of the ledger", "= false", &[UNPROTECTED], "= true"),
    ("enabled = true # too", "enabled = false", &[UNPROTECTED], "enabled = true"),
    (
        "= true # of the ledger",
        "= true\n  ttl { enabled = true }",
        &[FORGETTING],
        "= true\n  ttl { enabled = false }",
    ),
    (
        "aws_dynamodb_table.ledger.name",
        "var.ledger",
        &[LEAVES_OPEN],
        "aws_dynamodb_table.ledger.id",
    ),
    ("TOLLGATE_SECRETS_ARN   = var", "TOLLGATE_SECRETS = var", &[OPEN_VARIABLE], "OTHER = var"),
    (
        "TOLLGATE_SECRETS_ARN   = var.secret_arn",
        "TOLLGATE_AUTHORIZER_POLICY = \"stage\"",
        &[WHOLE_STAGE],
        "TOLLGATE_AUTHORIZER_POLICY = \"method\"",
    ),
    (
        "data_trace_enabled = false",
        "data_trace_enabled = true",
        &[TRACED],
        "logging_level = \"OFF\"",
    ),
];

#[test]
fn and_so_it_is_in_terraform() {
    assert_eq!(codes("main.tf", MAIN), [""; 0]);
    for (part, bad, told, good) in IN_TERRAFORM {
        assert_eq!(MAIN.matches(part).count(), 1, "{part}");
        assert_eq!(codes("main.tf", &MAIN.replace(part, bad)), told, "{bad}");
        assert_eq!(codes("main.tf", &MAIN.replace(part, good)), [""; 0], "{good}");
    }
}

#[test]
fn functions_of_others_and_their_tables_are_left_alone() {
    let others = TEMPLATE.replace("TOLLGATE_", "OTHER_").replace(": true", ": false");
    let others = others.replace("enableSimpleResponses: false", "enableSimpleResponses: true");
    assert_eq!(codes("template.yaml", &others), [""; 0]);
}

#[test]
fn nothing_is_told_of_what_we_deploy_ourselves() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    for name in [
        "template.yaml",
        "terraform/modules/aws/main.tf",
        "terraform/modules/aws/rest.tf",
        "terraform/modules/aws/http.tf",
        "terraform/modules/aws/documents/rest.yaml",
        "terraform/modules/aws/documents/http.yaml",
    ] {
        let text = fs::read_to_string(root.join(name)).unwrap_or_default();
        assert_eq!(remarks(name, &text, &config()), [], "{name}");
    }
}
