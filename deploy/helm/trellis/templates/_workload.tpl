{{/* The values of a workload, those of one service over those of all: dict root, name. */}}
{{- define "trellis.workload" -}}
{{- $own := dict -}}
{{- if ne .name "suite" -}}{{- $own = index .root.Values.services .name -}}{{- end -}}
{{- $all := mustMergeOverwrite (deepCopy .root.Values.workload) (deepCopy $own) -}}
{{- $_ := set $all "settings" (mustMergeOverwrite (deepCopy .root.Values.settings) (deepCopy $all.settings)) -}}
{{- toJson $all -}}
{{- end -}}

{{/* For as long as the program may take to end: its own ten seconds for each store come after lame_duck and drain. */}}
{{- define "trellis.grace" -}}
{{- $stores := ternary 4 1 (eq .name "suite") -}}
{{- add (int (default 0 (get .settings "lame_duck"))) (int (default 20 (get .settings "drain"))) (mul 10 $stores) 5 -}}
{{- end -}}

{{- define "trellis.podSecurity" -}}
runAsNonRoot: true
runAsUser: {{ .Values.security.runAsUser }}
runAsGroup: {{ .Values.security.runAsGroup }}
fsGroup: {{ .Values.security.fsGroup }}
fsGroupChangePolicy: OnRootMismatch
seccompProfile:
  type: RuntimeDefault
{{- end -}}

{{- define "trellis.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
runAsNonRoot: true
capabilities:
  drop: [ALL]
{{- end -}}

{{/* Where PostgreSQL is, as the driver reads it. */}}
{{- define "trellis.databaseEnv" -}}
{{- with .Values.database }}
- name: TRELLIS_DATABASE_URL
  valueFrom:
    secretKeyRef:
      name: {{ .existingSecret }}
      key: {{ .urlKey }}
{{- if .pooler }}
- name: TRELLIS_DATABASE_POOLER
  value: "true"
{{- end }}
{{- if .caSecret }}
- name: PGSSLMODE
  value: verify-full
- name: PGSSLROOTCERT
  value: /etc/trellis/postgres/{{ .caKey }}
{{- end }}
{{- end }}
{{- end -}}

{{/* A Secret's volume: dict name, secret, keys (all of them where there is no list). */}}
{{- define "trellis.secretVolume" -}}
- name: {{ .name }}
  secret:
    secretName: {{ .secret }}
    # The group is fsGroup, which is how the program's user reads it.
    defaultMode: 0440
    {{- with .keys }}
    items:
      {{- range . }}
      - {key: {{ . }}, path: {{ . }}}
      {{- end }}
    {{- end }}
{{- end -}}
