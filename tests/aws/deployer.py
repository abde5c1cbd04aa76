"""The translated template, deployed into moto in this process.

What moto's CloudFormation makes is made as a stack. What it does not know but moto's own services do is made afterwards, by the
calls that CloudFormation would make, from the same properties. Nothing leaves this process.
"""

import json
import os
import warnings

os.environ.update({"AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing", "AWS_DEFAULT_REGION": "eu-central-1"})

import boto3  # noqa: E402 - after what it looks for in the environment

from . import template  # noqa: E402

# What a stack makes, in moto. Of a RestApi it makes the shell, and leaves its document out.
STACKED = {"AWS::DynamoDB::Table", "AWS::IAM::Role", "AWS::IAM::ManagedPolicy", "AWS::Logs::LogGroup", "AWS::Lambda::Function",
           "AWS::Lambda::Permission", "AWS::ApiGateway::RestApi"}

STACK = "tollgate"


def client(service: str):
    return boto3.client(service, region_name="eu-central-1")


def lowered(value):
    """The names of CloudFormation's properties as the API's of some services are: with a small letter first."""
    if isinstance(value, dict):
        return {name[:1].lower() + name[1:]: lowered(of) for name, of in value.items()}
    return [lowered(one) for one in value] if isinstance(value, list) else value


class Deployed:
    """One deployment, and what each of its resources is called there."""

    def __init__(self, text: str | None = None, given: dict | None = None):
        self.told = template.resolved(text, given)
        self.ids: dict[str, str] = {}
        self.by_hand: dict[str, int] = {}
        self.in_stack: dict[str, int] = {}
        self.http_authorizer = ""
        self.stack()
        makers = {
            "AWS::ApiGateway::RestApi": self.rest_document, "AWS::ApiGatewayV2::Api": self.http_api,
            "AWS::ApiGateway::Deployment": self.deployment, "AWS::ApiGateway::Stage": self.stage,
            "AWS::ApiGatewayV2::Stage": self.http_stage, "AWS::Lambda::Permission": self.permission,
            "AWS::CloudWatch::Alarm": self.alarm, "AWS::Logs::MetricFilter": self.metric_filter,
        }
        for kind, make in makers.items():
            for name, properties in self.told.of(kind).items():
                if name not in self.ids or kind == "AWS::ApiGateway::RestApi":
                    make(name, self.put_in(properties))
                    self.by_hand[kind] = self.by_hand.get(kind, 0) + 1
        made = set(self.ids)
        assert made == set(self.told.resources), f"not made: {set(self.told.resources) - made}"

    def stack(self):
        """What moto's CloudFormation makes, with our own conditions and functions left for it to resolve."""
        left = set(self.told.resources)
        kept = {name: one for name, one in self.told.told["Resources"].items() if name in left and one["Type"] in STACKED}
        kept = {name: one for name, one in kept.items() if not self.needs(one) - set(kept)}
        told = {**self.told.told, "Resources": kept, "Outputs": {}}
        s3 = client("s3")
        s3.create_bucket(Bucket="tollgate-artifacts", CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
        s3.put_object(Bucket="tollgate-artifacts", Key="authorizer.zip", Body=b"PK\5\6" + bytes(18))
        given = {name: str(value) for name, value in self.told.parameters.items()}
        cloud = client("cloudformation")
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            cloud.create_stack(StackName=STACK, TemplateBody=json.dumps(told), Capabilities=["CAPABILITY_IAM"],
                               Parameters=[{"ParameterKey": name, "ParameterValue": value} for name, value in given.items()])
        assert cloud.describe_stacks(StackName=STACK)["Stacks"][0]["StackStatus"] == "CREATE_COMPLETE"
        for one in cloud.describe_stack_resources(StackName=STACK)["StackResources"]:
            # A permission has no name of its own.
            self.ids[one["LogicalResourceId"]] = one.get("PhysicalResourceId", one["LogicalResourceId"])
            self.in_stack[one["ResourceType"]] = self.in_stack.get(one["ResourceType"], 0) + 1
        assert set(kept) == set(self.ids), set(kept) ^ set(self.ids)
        self.tables()

    def tables(self):
        """What moto's CloudFormation leaves out of tables, encryption apart, which moto cannot switch on later."""
        for name, properties in self.told.of("AWS::DynamoDB::Table").items():
            if "TimeToLiveSpecification" in properties:
                client("dynamodb").update_time_to_live(TableName=self.ids[name], TimeToLiveSpecification=properties["TimeToLiveSpecification"])
            if "PointInTimeRecoverySpecification" in properties:
                client("dynamodb").update_continuous_backups(
                    TableName=self.ids[name], PointInTimeRecoverySpecification=properties["PointInTimeRecoverySpecification"])

    def needs(self, of) -> set[str]:
        """The resources that one names."""
        text = json.dumps(self.told.value(of))
        return {name for name in self.told.told["Resources"] if f"<{name}>" in text or f"<{name}." in text}

    def put_in(self, value):
        """With what each resource is called, in the place of its name."""
        text = json.dumps(value)
        for name in self.told.resources:
            if name in self.ids:
                text = text.replace(f"<{name}>", self.ids[name]).replace(f"<{name}.Arn>", self.arn(name))
        return json.loads(text)

    def arn(self, name: str) -> str:
        service = {"AWS::Lambda::Function": "lambda:eu-central-1:123456789012:function:", "AWS::DynamoDB::Table": "dynamodb:eu-central-1:123456789012:table/",
                   "AWS::Logs::LogGroup": "logs:eu-central-1:123456789012:log-group:"}.get(self.told.resources[name]["Type"], "")
        return f"arn:aws:{service}{self.ids[name]}"

    def rest_document(self, name: str, properties: dict):
        api, document, gateway = self.ids[name], properties["Body"], client("apigateway")
        plain, mocks = self.plain(document)
        gateway.put_rest_api(restApiId=api, mode="overwrite", body=json.dumps(plain).encode())
        # moto leaves out of a document what follows.
        places = {one["path"]: one["id"] for one in gateway.get_resources(restApiId=api)["items"]}
        for path, method, told in mocks:
            where = {"restApiId": api, "resourceId": places[path], "httpMethod": method}
            gateway.put_integration(**where, type=told["type"].upper(), integrationHttpMethod=method, requestTemplates=told["requestTemplates"])
            for pattern, answer in told["responses"].items():
                gateway.put_integration_response(**where, **answer, selectionPattern="" if pattern == "default" else pattern)
        for scheme, of in document.get("components", {}).get("securitySchemes", {}).items():
            told = of["x-amazon-apigateway-authorizer"]
            gateway.create_authorizer(restApiId=api, name=scheme, type=told["type"].upper(), authorizerUri=told["authorizerUri"],
                                      **({"identitySource": told["identitySource"]} if "identitySource" in told else {}),
                                      authorizerResultTtlInSeconds=told.get("authorizerResultTtlInSeconds", 300))
        for kind, told in document.get("x-amazon-apigateway-gateway-responses", {}).items():
            gateway.put_gateway_response(restApiId=api, responseType=kind, **told)

    @staticmethod
    def plain(document: dict) -> tuple[dict, list[tuple]]:
        """As much of a document as moto reads, and the integrations that it does not: those without an address."""
        plain, mocks = json.loads(json.dumps(document)), []
        for path, of in plain["paths"].items():
            for method in list(of):
                told = of.pop(method)
                method = "ANY" if method == "x-amazon-apigateway-any-method" else method.upper()
                if "uri" not in told["x-amazon-apigateway-integration"]:
                    mocks.append((path, method, told.pop("x-amazon-apigateway-integration")))
                of[method] = told
        return plain, mocks

    def deployment(self, name: str, properties: dict):
        self.ids[name] = client("apigateway").create_deployment(restApiId=properties["RestApiId"])["id"]

    def stage(self, name: str, properties: dict):
        gateway, api, stage = client("apigateway"), properties["RestApiId"], properties["StageName"]
        gateway.create_stage(restApiId=api, stageName=stage, deploymentId=properties["DeploymentId"], tracingEnabled=properties["TracingEnabled"])
        changes = []
        for one in properties["MethodSettings"]:
            place = f"/{one['ResourcePath'].replace('/', '~1').lstrip('~1') or '*'}/{one['HttpMethod']}"
            for field, path in (("DataTraceEnabled", "logging/dataTrace"), ("LoggingLevel", "logging/loglevel"),
                                ("MetricsEnabled", "metrics/enabled"), ("CachingEnabled", "caching/enabled")):
                if field in one:
                    changes.append({"op": "replace", "path": f"{place}/{path}", "value": str(one[field]).lower() if isinstance(one[field], bool) else one[field]})
        log = properties.get("AccessLogSetting", {})
        changes += [{"op": "replace", "path": f"/accessLogSettings/{field}", "value": log[key]}
                    for key, field in (("DestinationArn", "destinationArn"), ("Format", "format")) if key in log]
        gateway.update_stage(restApiId=api, stageName=stage, patchOperations=changes)
        self.ids[name] = stage

    def http_api(self, name: str, properties: dict):
        gateway, document = client("apigatewayv2"), properties["Body"]
        api = self.ids[name] = gateway.create_api(Name=document["info"]["title"], ProtocolType="HTTP")["ApiId"]
        authorizers = {}
        for scheme, of in document["components"]["securitySchemes"].items():
            told = of["x-amazon-apigateway-authorizer"]
            authorizers[scheme] = self.http_authorizer = gateway.create_authorizer(
                ApiId=api, Name=scheme, AuthorizerType=told["type"].upper(), AuthorizerUri=told["authorizerUri"],
                AuthorizerPayloadFormatVersion=told["authorizerPayloadFormatVersion"], EnableSimpleResponses=told["enableSimpleResponses"],
                AuthorizerResultTtlInSeconds=told.get("authorizerResultTtlInSeconds", 300), IdentitySource=told.get("identitySource", []))["AuthorizerId"]
        for path, of in document["paths"].items():
            for method, told in of.items():
                one = told["x-amazon-apigateway-integration"]
                made = gateway.create_integration(
                    ApiId=api, IntegrationType=one["type"].upper(), IntegrationMethod=one["httpMethod"], IntegrationUri=one["uri"],
                    PayloadFormatVersion=one["payloadFormatVersion"], TimeoutInMillis=one["timeoutInMillis"], RequestParameters=one["requestParameters"])
                route = "$default" if told.get("isDefaultRoute") else f"{method.upper()} {path}"
                guard = [authorizers[scheme] for need in told.get("security", []) for scheme in need]
                gateway.create_route(ApiId=api, RouteKey=route, Target=f"integrations/{made['IntegrationId']}",
                                     **({"AuthorizationType": "CUSTOM", "AuthorizerId": guard[0]} if guard else {"AuthorizationType": "NONE"}))

    def http_stage(self, name: str, properties: dict):
        kept = {field: properties[field] for field in ("ApiId", "StageName", "AutoDeploy", "AccessLogSettings", "DefaultRouteSettings")}
        client("apigatewayv2").create_stage(**kept)
        self.ids[name] = properties["StageName"]

    def permission(self, name: str, properties: dict):
        client("lambda").add_permission(StatementId=name, **properties)
        self.ids[name] = name

    def alarm(self, name: str, properties: dict):
        client("cloudwatch").put_metric_alarm(AlarmName=name, **properties)
        self.ids[name] = name

    def metric_filter(self, name: str, properties: dict):
        client("logs").put_metric_filter(filterName=name, **lowered(properties))
        self.ids[name] = name
