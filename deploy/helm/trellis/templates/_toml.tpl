{{/* The configuration file of a workload, whole, so that one can read what a pod does: dict root, name, settings. */}}
{{- define "trellis.toml" -}}
{{- $values := .root.Values -}}
{{- $frameworks := has .name (list "outcome" "suite") -}}
{{- if eq .name "suite" }}
data_dir = "/var/lib/trellis"
{{- if $values.demo }}
demo = true
{{- end }}
{{- else }}
services = [{{ .name | quote }}]
{{- $scheme := ternary "http" "https" (eq $values.tls.mode "none") }}
{{- range $other := include "trellis.components" .root | fromJsonArray }}
{{- if ne $other $.name }}
{{ $other }}_url = "{{ $scheme }}://{{ include "trellis.name" (dict "root" $.root "name" $other) }}:50051"
{{- end }}
{{- end }}
{{- end }}
{{- if $values.keys.existingSecret }}
keys_dir = "/etc/trellis/keys"
{{- end }}
listen = "{{ $values.listenAddress }}:50051"
admin_listen = "{{ $values.listenAddress }}:9090"
{{- if eq $values.tls.mode "none" }}
plaintext = true
{{- else }}
tls_certificate = "/etc/trellis/tls/tls.crt"
tls_key = "/etc/trellis/tls/tls.key"
{{- if ne .name "suite" }}
peer_tls_ca = "/etc/trellis/tls/ca.crt"
{{- end }}
{{- if eq $values.tls.mode "mutual" }}
tls_client_ca = "/etc/trellis/tls/ca.crt"
tls_client_optional = {{ $values.tls.clientsOptional }}
{{- if ne .name "suite" }}
peer_tls_certificate = "/etc/trellis/tls/tls.crt"
peer_tls_key = "/etc/trellis/tls/tls.key"
{{- end }}
{{- end }}
{{- end }}
{{- with $values.nats }}
{{- if .existingSecret }}
nats_replicas = {{ .replicas }}
{{- if .caSecret }}
nats_tls_ca = "/etc/trellis/nats/{{ .caKey }}"
{{- end }}
{{- if .clientCertificateSecret }}
nats_tls_certificate = "/etc/trellis/nats-identity/tls.crt"
nats_tls_key = "/etc/trellis/nats-identity/tls.key"
{{- end }}
{{- end }}
{{- end }}
{{- if and $values.caseSourceTokens.existingSecret $frameworks }}
case_source_tokens = "/etc/trellis/case/{{ $values.caseSourceTokens.key }}"
{{- end }}
{{- range $key, $value := .settings }}
{{- if or $frameworks (not (hasPrefix "case_" $key)) }}
{{ $key }} = {{ ternary (toString $value | toJson) (toJson $value) (eq $key "trace_sample_ratio") }}
{{- end }}
{{- end }}
{{- range $values.issuers }}

[[issuers]]
{{- range $key, $value := . }}
{{ $key }} = {{ toJson $value }}
{{- end }}
{{- end }}
{{- end -}}
