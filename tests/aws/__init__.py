"""AWS: templates, tables, and the authorizer, each against what stands in for AWS here."""
