{{/* What values.schema.json cannot say: values that only together make no sense. */}}
{{- define "trellis.demands" -}}
{{- $single := eq .Values.mode "single" -}}
{{- if $single -}}
  {{- if .Values.database.existingSecret -}}{{ fail "mode single keeps its data on a volume: leave out database, or set mode to services." }}{{- end -}}
  {{- if .Values.nats.existingSecret -}}{{ fail "mode single is one process, whose services hear of each other there: leave out nats." }}{{- end -}}
  {{- if .Values.workload.autoscaling.enabled -}}{{ fail "mode single is one pod: leave out workload.autoscaling." }}{{- end -}}
  {{- if and .Values.demo (ne .Values.tls.mode "none") -}}{{ fail "The demonstration calls itself, and so is served without TLS: leave out demo or tls." }}{{- end -}}
  {{- if and .Values.demo .Values.keys.existingSecret -}}{{ fail "The demonstration makes an issuer's key, for which a Secret has no room: leave out keys.existingSecret." }}{{- end -}}
  {{- range $name, $own := .Values.services -}}{{- if $own -}}{{ fail (printf "services.%s: in mode single there is one workload; use workload." $name) }}{{- end -}}{{- end -}}
{{- else -}}
  {{- if .Values.demo -}}{{ fail "demo needs mode single." }}{{- end -}}
  {{- if not .Values.database.existingSecret -}}{{ fail "Set database.existingSecret to the Secret that holds PostgreSQL's URL." }}{{- end -}}
  {{- if not .Values.keys.existingSecret -}}{{ fail "Set keys.existingSecret to the Secret with services.pem and sealing.keys, which all services share." }}{{- end -}}
{{- end -}}
{{- if and (or .Values.nats.caSecret .Values.nats.clientCertificateSecret (gt (int .Values.nats.replicas) 1)) (not .Values.nats.existingSecret) -}}{{ fail "nats: set existingSecret to the Secret that holds the broker's URL, or leave out the rest." }}{{- end -}}
{{- if not (or .Values.issuers .Values.demo) -}}{{ fail "Set issuers to your identity provider: without one no caller could be recognised." }}{{- end -}}
{{- range $name := include "trellis.components" . | fromJsonArray -}}
  {{- $settings := (include "trellis.workload" (dict "root" $ "name" $name) | fromJson).settings -}}
  {{- if and (hasKey $settings "trace_sample_ratio") (not $settings.otlp_endpoint) -}}{{ fail "settings.trace_sample_ratio does nothing without settings.otlp_endpoint." }}{{- end -}}
  {{- if and (has $name (list "outcome" "suite")) (or $settings.case_sources_private $.Values.caseSourceTokens.existingSecret) (not $settings.case_sources) -}}{{ fail "settings.case_sources_private and caseSourceTokens mean nothing without settings.case_sources." }}{{- end -}}
  {{- if and $.Values.networkPolicy.enabled $settings.otlp_endpoint (not $.Values.networkPolicy.otlp.to) -}}{{ fail "Set networkPolicy.otlp.to to the collector's pods or addresses." }}{{- end -}}
{{- end -}}
{{- if ne .Values.tls.mode "none" -}}
  {{- if not (or .Values.tls.existingSecret .Values.tls.certManager.issuerRef.name) -}}{{ fail "tls: set existingSecret, or certManager.issuerRef.name." }}{{- end -}}
  {{- if and .Values.gateway.enabled (not .Values.gateway.caConfigMap) -}}{{ fail "Set gateway.caConfigMap to the ConfigMap with the authority of the pods' certificates." }}{{- end -}}
  {{- if and .Values.gateway.enabled (eq .Values.tls.mode "mutual") (not .Values.tls.clientsOptional) -}}{{ fail "A gateway shows the pods no certificate: set tls.clientsOptional to true." }}{{- end -}}
{{- end -}}
{{- if and .Values.gateway.enabled .Values.ingress.enabled -}}{{ fail "gateway and ingress are alternatives: enable one of them." }}{{- end -}}
{{- if .Values.gateway.enabled -}}
  {{- if not .Values.gateway.parentRefs -}}{{ fail "Set gateway.parentRefs to the Gateway that is to be used." }}{{- end -}}
  {{- if not .Values.gateway.grpcHostnames -}}{{ fail "Set gateway.grpcHostnames." }}{{- end -}}
  {{- range .Values.gateway.grpcHostnames -}}
    {{- if has . $.Values.gateway.httpHostnames -}}{{ fail (printf "%s is in gateway.grpcHostnames and in httpHostnames: a listener takes one kind of route for a name." .) }}{{- end -}}
  {{- end -}}
{{- end -}}
{{- if and .Values.ingress.enabled (not .Values.ingress.host) -}}{{ fail "Set ingress.host." }}{{- end -}}
{{- if and (or .Values.gateway.httpHostnames .Values.ingress.enabled) (not .Values.settings.public_url) -}}
  {{ fail "Set settings.public_url to the https:// address that clients use: calendar links begin with it." }}
{{- end -}}
{{- if .Values.networkPolicy.enabled -}}
  {{- if and (or .Values.gateway.enabled .Values.ingress.enabled) (not .Values.networkPolicy.clients) -}}{{ fail "Set networkPolicy.clients to the gateway's or the ingress controller's pods." }}{{- end -}}
  {{- if and .Values.serviceMonitor.enabled (not .Values.networkPolicy.monitoring) -}}{{ fail "Set networkPolicy.monitoring to Prometheus' pods." }}{{- end -}}
  {{- if and .Values.nats.existingSecret (not .Values.networkPolicy.nats.to) -}}{{ fail "Set networkPolicy.nats.to to the broker's pods or addresses." }}{{- end -}}
  {{- if and (not $single) (not .Values.networkPolicy.postgres.to) -}}{{ fail "Set networkPolicy.postgres.to to PostgreSQL's pods or addresses." }}{{- end -}}
{{- end -}}
{{- end -}}
