output "worker" {
  description = "The Worker's name."
  value       = cloudflare_worker.gate.name
}

output "records" {
  description = "The id of the KV namespace."
  value       = cloudflare_workers_kv_namespace.records.id
}

output "admin_url" {
  description = "What cloudflare.url in tollgate.toml is; null if nobody administers."
  value       = var.admin_host == null ? null : "https://${var.admin_host}/"
}
