{{/* The pod of a workload: dict root, name. */}}
{{- define "trellis.pod" -}}
{{- $values := .root.Values -}}
{{- $single := eq .name "suite" -}}
{{- $workload := include "trellis.workload" . | fromJson -}}
{{- $context := dict "root" .root "name" .name "settings" $workload.settings -}}
{{- $tls := ne $values.tls.mode "none" -}}
{{- $tokens := and $values.caseSourceTokens.existingSecret (has .name (list "outcome" "suite")) -}}
metadata:
  labels:
    {{- include "trellis.labels" . | nindent 4 }}
    {{- with $workload.podLabels }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  annotations:
    # A changed configuration replaces the pods: most settings are read at the start alone.
    checksum/config: {{ include "trellis.toml" $context | sha256sum }}
    {{- with $workload.podAnnotations }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
spec:
  serviceAccountName: {{ include "trellis.serviceAccount" .root }}
  automountServiceAccountToken: false
  enableServiceLinks: false
  terminationGracePeriodSeconds: {{ include "trellis.grace" $context }}
  securityContext:
    {{- include "trellis.podSecurity" .root | nindent 4 }}
  {{- with $values.imagePullSecrets }}
  imagePullSecrets:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with $workload.priorityClassName }}
  priorityClassName: {{ . }}
  {{- end }}
  containers:
    - name: trellis
      image: {{ include "trellis.image" .root | quote }}
      imagePullPolicy: {{ $values.image.pullPolicy }}
      args: [serve]
      securityContext:
        {{- include "trellis.containerSecurity" .root | nindent 8 }}
      env:
        - name: TRELLIS_CONFIG
          value: /etc/trellis/config/trellis.toml
        {{- if $single }}
        # Besides the file, for commands that are typed in the pod.
        - name: TRELLIS_DATA_DIR
          value: /var/lib/trellis
        {{- else }}
        {{- include "trellis.databaseEnv" .root | trim | nindent 8 }}
        {{- with $values.database.replica }}
        {{- if .existingSecret }}
        - name: TRELLIS_DATABASE_REPLICA_URL
          valueFrom:
            secretKeyRef:
              name: {{ .existingSecret }}
              key: {{ .urlKey }}
        {{- end }}
        {{- end }}
        {{- end }}
        {{- with $values.nats }}
        {{- if .existingSecret }}
        - name: TRELLIS_NATS_URL
          valueFrom:
            secretKeyRef:
              name: {{ .existingSecret }}
              key: {{ .urlKey }}
        {{- end }}
        {{- end }}
        {{- with $workload.extraEnv }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
      ports:
        - {name: grpc, containerPort: 50051}
        - {name: admin, containerPort: 9090}
      # Whether the process is sound is asked of /livez alone: gRPC health also fails while a database is away, and
      # then another process would be no better.
      startupProbe:
        httpGet: {path: /livez, port: admin}
        periodSeconds: 2
        timeoutSeconds: 2
        # Ten minutes: a start may wait for another that brings the database up to date.
        failureThreshold: 300
      livenessProbe:
        httpGet: {path: /livez, port: admin}
        periodSeconds: 10
        timeoutSeconds: 3
        failureThreshold: 3
      readinessProbe:
        {{- if $tls }}
        # The kubelet's gRPC probe speaks no TLS.
        httpGet: {path: /readyz, port: admin}
        {{- else }}
        grpc: {port: 50051}
        {{- end }}
        periodSeconds: 5
        timeoutSeconds: 3
        failureThreshold: 2
      resources:
        {{- toYaml $workload.resources | nindent 8 }}
      volumeMounts:
        - {name: config, mountPath: /etc/trellis/config, readOnly: true}
        - {name: tmp, mountPath: /tmp}
        {{- if $single }}
        - {name: data, mountPath: /var/lib/trellis}
        {{- end }}
        {{- if $values.keys.existingSecret }}
        - {name: keys, mountPath: /etc/trellis/keys, readOnly: true}
        {{- end }}
        {{- if $tls }}
        - {name: tls, mountPath: /etc/trellis/tls, readOnly: true}
        {{- end }}
        {{- if and $values.database.caSecret (not $single) }}
        - {name: postgres-ca, mountPath: /etc/trellis/postgres, readOnly: true}
        {{- end }}
        {{- if $values.nats.caSecret }}
        - {name: nats-ca, mountPath: /etc/trellis/nats, readOnly: true}
        {{- end }}
        {{- if $values.nats.clientCertificateSecret }}
        - {name: nats-identity, mountPath: /etc/trellis/nats-identity, readOnly: true}
        {{- end }}
        {{- if $tokens }}
        - {name: case, mountPath: /etc/trellis/case, readOnly: true}
        {{- end }}
        {{- with $workload.extraVolumeMounts }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
  volumes:
    - name: config
      configMap:
        name: {{ include "trellis.name" . }}
    # What is imported waits here until it is whole.
    - name: tmp
      emptyDir:
        sizeLimit: 1Gi
    {{- if $values.keys.existingSecret }}
    {{- include "trellis.secretVolume" (dict "name" "keys" "secret" $values.keys.existingSecret) | nindent 4 }}
    {{- end }}
    {{- if $tls }}
    {{- include "trellis.secretVolume" (dict "name" "tls" "secret" (include "trellis.tlsSecret" .)) | nindent 4 }}
    {{- end }}
    {{- if and $values.database.caSecret (not $single) }}
    {{- include "trellis.secretVolume" (dict "name" "postgres-ca" "secret" $values.database.caSecret "keys" (list $values.database.caKey)) | nindent 4 }}
    {{- end }}
    {{- if $values.nats.caSecret }}
    {{- include "trellis.secretVolume" (dict "name" "nats-ca" "secret" $values.nats.caSecret "keys" (list $values.nats.caKey)) | nindent 4 }}
    {{- end }}
    {{- if $values.nats.clientCertificateSecret }}
    {{- include "trellis.secretVolume" (dict "name" "nats-identity" "secret" $values.nats.clientCertificateSecret "keys" (list "tls.crt" "tls.key")) | nindent 4 }}
    {{- end }}
    {{- if $tokens }}
    {{- include "trellis.secretVolume" (dict "name" "case" "secret" $values.caseSourceTokens.existingSecret "keys" (list $values.caseSourceTokens.key)) | nindent 4 }}
    {{- end }}
    {{- with $workload.extraVolumes }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  {{- if not $single }}
  {{- $spread := list }}
  {{- range $key, $topology := dict "zone" "topology.kubernetes.io/zone" "host" "kubernetes.io/hostname" }}
  {{- $when := get $workload.spread $key }}
  {{- if ne $when "none" }}
  {{- $spread = append $spread (dict "topologyKey" $topology "whenUnsatisfiable" $when) }}
  {{- end }}
  {{- end }}
  {{- with $spread }}
  topologySpreadConstraints:
    {{- range . }}
    - maxSkew: 1
      topologyKey: {{ .topologyKey }}
      whenUnsatisfiable: {{ .whenUnsatisfiable }}
      labelSelector:
        matchLabels:
          {{- include "trellis.selectorLabels" $ | nindent 10 }}
      matchLabelKeys: [pod-template-hash]
    {{- end }}
  {{- end }}
  {{- end }}
  {{- with $workload.nodeSelector }}
  nodeSelector:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with $workload.tolerations }}
  tolerations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with $workload.affinity }}
  affinity:
    {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end -}}
