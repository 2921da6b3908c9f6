{{/* Network policies: each pod is closed in both directions and has the ways that its template opens. */}}

{{/* root, component, ingress, egress (lists of YAML texts of rules): one policy. */}}
{{- define "ccat-common.network-policy" -}}
{{- if .root.Values.global.networkPolicy.enabled }}
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  {{- include "ccat-common.metadata" . | nindent 2 }}
spec:
  podSelector:
    matchLabels:
      {{- include "ccat-common.selector-labels" . | nindent 6 }}
  policyTypes: [Ingress, Egress]
  {{- with compact (.ingress | default list) }}
  ingress:
    {{- range . }}
    {{- . | nindent 4 }}
    {{- end }}
  {{- end }}
  {{- with compact (.egress | default list) }}
  egress:
    {{- range . }}
    {{- . | nindent 4 }}
    {{- end }}
  {{- end }}
{{- end }}
{{- end }}

{{/* root, chart: the pods of another chart of the release, as a list of one peer. */}}
{{- define "ccat-common.peer" -}}
- podSelector:
    matchLabels:
      app.kubernetes.io/name: {{ .chart }}
      app.kubernetes.io/instance: {{ .root.Release.Name }}
{{- end }}

{{/* peers, ports (TCP): a rule inwards. */}}
{{- define "ccat-common.from" -}}
- ports:
    {{- range .ports }}
    - {port: {{ . }}, protocol: TCP}
    {{- end }}
  {{- with .peers }}
  from:
    {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end }}

{{/* peers, ports (TCP): a rule outwards. */}}
{{- define "ccat-common.to" -}}
- ports:
    {{- range .ports }}
    - {port: {{ . }}, protocol: TCP}
    {{- end }}
  {{- with .peers }}
  to:
    {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end }}

{{- define "ccat-common.to-dns" -}}
- ports:
    - {port: 53, protocol: UDP}
    - {port: 53, protocol: TCP}
  {{- with .Values.global.networkPolicy.dns }}
  to:
    {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end }}

{{- define "ccat-common.to-database" -}}
{{- with .Values.global.networkPolicy.database -}}
{{ include "ccat-common.to" (dict "peers" .peers "ports" (list .port)) }}
{{- end -}}
{{- end }}

{{- define "ccat-common.to-broker" -}}
{{- with .Values.global.networkPolicy.broker -}}
{{ include "ccat-common.to" (dict "peers" .peers "ports" (list .port)) }}
{{- end -}}
{{- end }}

{{- define "ccat-common.to-storage" -}}
{{ include "ccat-common.to" .Values.global.networkPolicy.storage }}
{{- end }}

{{- define "ccat-common.to-kubernetes-api" -}}
{{ include "ccat-common.to" .Values.global.networkPolicy.kubernetesApi }}
{{- end }}

{{/* root, port: the way of those who collect metrics. */}}
{{- define "ccat-common.from-monitoring" -}}
{{ include "ccat-common.from" (dict "peers" .root.Values.global.networkPolicy.monitoring "ports" (list .port)) }}
{{- end }}

{{/* root, port: the way of the interface's server, which may pass on what it is asked. */}}
{{- define "ccat-common.from-interface" -}}
{{ include "ccat-common.from" (dict "peers" (include "ccat-common.peer" (dict "root" .root "chart" "ops-db-ui") | fromYamlArray) "ports" (list .port)) }}
{{- end }}

{{- define "ccat-common.from-clients" -}}
{{ include "ccat-common.from" (dict "peers" .root.Values.global.networkPolicy.clients "ports" (list .port)) }}
{{- end }}
