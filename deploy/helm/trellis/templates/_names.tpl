{{/* Short enough that the longest ending, -scheduling-edge, still makes a DNS label. */}}
{{- define "trellis.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 45 | trimSuffix "-" -}}
{{- else if contains .Chart.Name .Release.Name -}}
{{- .Release.Name | trunc 45 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name .Chart.Name | trunc 45 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{/* The workloads: JSON, because a template gives text alone. */}}
{{- define "trellis.components" -}}
{{- if eq .Values.mode "single" -}}["suite"]{{- else -}}["outcome","profile","experience","scheduling"]{{- end -}}
{{- end -}}

{{/* The name of a workload and of its Service: dict root, name. */}}
{{- define "trellis.name" -}}
{{- if eq .name "suite" -}}{{ include "trellis.fullname" .root }}{{- else -}}{{ include "trellis.fullname" .root }}-{{ .name }}{{- end -}}
{{- end -}}

{{/* The workload that serves a service: dict root, service. */}}
{{- define "trellis.servedBy" -}}
{{- if eq .root.Values.mode "single" -}}suite{{- else -}}{{ .service }}{{- end -}}
{{- end -}}

{{- define "trellis.instanceLabels" -}}
app.kubernetes.io/name: trellis
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{/* dict root, name */}}
{{- define "trellis.selectorLabels" -}}
{{ include "trellis.instanceLabels" .root }}
app.kubernetes.io/component: {{ .name }}
{{- end -}}

{{- define "trellis.commonLabels" -}}
{{ include "trellis.instanceLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/part-of: trellis
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ .Chart.Name }}-{{ .Chart.Version | replace "+" "_" }}
{{- end -}}

{{/* dict root, name */}}
{{- define "trellis.labels" -}}
{{ include "trellis.commonLabels" .root }}
app.kubernetes.io/component: {{ .name }}
{{- end -}}

{{- define "trellis.serviceAccount" -}}
{{- if .Values.serviceAccount.create -}}
{{- default (include "trellis.fullname" .) .Values.serviceAccount.name -}}
{{- else -}}
{{- default "default" .Values.serviceAccount.name -}}
{{- end -}}
{{- end -}}

{{- define "trellis.image" -}}
{{- with .Values.image -}}
{{- if .digest -}}{{ .repository }}@{{ .digest }}{{- else -}}{{ .repository }}:{{ default $.Chart.AppVersion .tag }}{{- end -}}
{{- end -}}
{{- end -}}

{{/* The Secret of a workload's certificate: dict root, name. */}}
{{- define "trellis.tlsSecret" -}}
{{- default (printf "%s-tls" (include "trellis.name" .)) .root.Values.tls.existingSecret -}}
{{- end -}}
