{{/* Objects that several charts have. */}}

{{/* root, component, budget: a budget for disruptions. */}}
{{- define "ccat-common.disruption-budget" -}}
{{- if .budget.enabled }}
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata:
  {{- include "ccat-common.metadata" . | nindent 2 }}
spec:
  maxUnavailable: {{ .budget.maxUnavailable }}
  selector:
    matchLabels:
      {{- include "ccat-common.selector-labels" . | nindent 6 }}
{{- end }}
{{- end }}

{{/* root, component, port (its name): collection of metrics from pods. */}}
{{- define "ccat-common.pod-monitor" -}}
{{- if .root.Values.global.monitoring.enabled }}
apiVersion: monitoring.coreos.com/v1
kind: PodMonitor
metadata:
  {{- include "ccat-common.metadata" . | nindent 2 }}
  {{- with .root.Values.global.monitoring.labels }}
    {{- toYaml . | nindent 4 }}
  {{- end }}
spec:
  selector:
    matchLabels:
      {{- include "ccat-common.selector-labels" . | nindent 6 }}
  podMetricsEndpoints:
    - port: {{ .port }}
      path: /metrics
      interval: {{ .root.Values.global.monitoring.interval }}
{{- end }}
{{- end }}

{{/* root, component, ingress, port: an Ingress. */}}
{{- define "ccat-common.ingress" -}}
{{- if .ingress.enabled }}
{{- $context := . }}
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  {{- include "ccat-common.metadata" . | nindent 2 }}
  {{- with .ingress.annotations }}
  annotations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
spec:
  {{- with .ingress.className }}
  ingressClassName: {{ . }}
  {{- end }}
  rules:
    {{- range required "ingress.enabled is set, but neither global.host nor ingress.hosts: name the host" (.ingress.hosts | default (compact (list .root.Values.global.host)) | default nil) }}
    - host: {{ . | quote }}
      http:
        paths:
          {{- range $context.ingress.paths }}
          - path: {{ . }}
            pathType: Prefix
            backend:
              service:
                name: {{ include "ccat-common.component-name" $context }}
                port:
                  name: http
          {{- end }}
    {{- end }}
  {{- with .ingress.tls }}
  tls:
    {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end }}
{{- end }}

{{/* root, component, gateway, port: a route of the Gateway API. */}}
{{- define "ccat-common.http-route" -}}
{{- if .gateway.enabled }}
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata:
  {{- include "ccat-common.metadata" . | nindent 2 }}
  {{- with .gateway.annotations }}
  annotations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
spec:
  parentRefs:
    {{- toYaml (required "gateway.enabled is set, but gateway.parentRefs is empty: name the Gateway" (.gateway.parentRefs | default nil)) | nindent 4 }}
  {{- with .gateway.hostnames | default (compact (list .root.Values.global.host)) }}
  hostnames:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  rules:
    - matches:
        {{- range .gateway.paths }}
        - path:
            type: PathPrefix
            value: {{ . }}
        {{- end }}
      backendRefs:
        - name: {{ include "ccat-common.component-name" . }}
          port: {{ .port }}
{{- end }}
{{- end }}

{{/* root, component, service, targetPort (its name): a Service whose port is called http. */}}
{{- define "ccat-common.service" -}}
apiVersion: v1
kind: Service
metadata:
  {{- include "ccat-common.metadata" . | nindent 2 }}
  {{- with .service.annotations }}
  annotations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
spec:
  type: {{ .service.type }}
  selector:
    {{- include "ccat-common.selector-labels" . | nindent 4 }}
  ports:
    - name: http
      port: {{ .service.port }}
      targetPort: http
      {{- if and .service.nodePort (ne .service.type "ClusterIP") }}
      nodePort: {{ .service.nodePort }}
      {{- end }}
      protocol: TCP
{{- end }}
