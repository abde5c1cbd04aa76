# An HTTP API in front of an origin. The secret was put by hand, so that Terraform's state has nothing of it.

terraform {
  required_version = ">= 1.7"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "= 6.20.0"
    }
  }
}

provider "aws" {
  region = "eu-central-1"
}

variable "secret_arn" {
  description = "The ARN that `aws secretsmanager create-secret` printed."
  type        = string
}

module "tollgate" {
  source = "../.."

  api         = "http"
  origin_url  = "https://origin.example.com"
  package     = "${path.root}/bootstrap.zip"
  secret_arn  = var.secret_arn
  public_keys = trimspace(file("${path.root}/jwks.json"))
}

output "url" {
  description = "Where callers come in."
  value       = module.tollgate.http_url
}
