"""The example `pipeline-crm` behind a real gate."""
