{{/* Names, labels and images. Arguments are dictionaries with `root` (the chart's context) and what is named beside. */}}

{{- define "ccat-common.fullname" -}}
{{- if contains .Chart.Name .Release.Name -}}
{{ .Release.Name | trunc 40 | trimSuffix "-" }}
{{- else -}}
{{ printf "%s-%s" .Release.Name .Chart.Name | trunc 40 | trimSuffix "-" }}
{{- end -}}
{{- end }}

{{/* root, component: name of a part of a chart, or of the chart itself where it has only one. */}}
{{- define "ccat-common.component-name" -}}
{{- if .component -}}
{{ printf "%s-%s" (include "ccat-common.fullname" .root) .component | trunc 63 | trimSuffix "-" }}
{{- else -}}
{{ include "ccat-common.fullname" .root }}
{{- end -}}
{{- end }}

{{/* root, chart, component: name of an object of another chart of the release, as that chart makes it. */}}
{{- define "ccat-common.other-name" -}}
{{- include "ccat-common.component-name" (dict "root" (dict "Chart" (dict "Name" .chart) "Release" .root.Release) "component" .component) -}}
{{- end }}

{{- define "ccat-common.site" -}}
{{ .Values.global.site | required "global.site is missing: set it to the id of this site in the configuration, for example --set global.site=cologne" }}
{{- end }}

{{- define "ccat-common.selector-labels" -}}
app.kubernetes.io/name: {{ .root.Chart.Name }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
{{- with .component }}
app.kubernetes.io/component: {{ . }}
{{- end }}
{{- end }}

{{/* Labels of pods: nothing that changes by itself, or pods would be started anew with every version of a chart. */}}
{{- define "ccat-common.pod-labels" -}}
{{ include "ccat-common.selector-labels" . }}
app.kubernetes.io/part-of: ccat-data-center
{{- /* An operator may look after many sites, and definitions belong to the whole cluster. */}}
{{- if or .root.Values.global.site (not (has (trimPrefix "ccat-" .root.Chart.Name) (list "operator" "crds"))) }}
data-center.ccatobservatory.org/site: {{ include "ccat-common.site" .root }}
{{- end }}
{{- with .root.Values.global.labels }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{- define "ccat-common.labels" -}}
{{ include "ccat-common.pod-labels" . }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version | replace "+" "_" }}
{{- end }}

{{/* root, component, name: what stands under `metadata`. */}}
{{- define "ccat-common.metadata" -}}
name: {{ .name | default (include "ccat-common.component-name" .) }}
namespace: {{ .root.Release.Namespace }}
labels:
  {{- include "ccat-common.labels" . | nindent 2 }}
{{- end }}

{{/* root, image (values), imageName. */}}
{{- define "ccat-common.image" -}}
{{- $image := .image | default dict -}}
{{- $repository := $image.repository | default (printf "%s/%s" (trimSuffix "/" .root.Values.global.imagePrefix) .imageName) -}}
{{- if $image.digest -}}
{{ $repository }}@{{ $image.digest }}
{{- else -}}
{{ $repository }}:{{ $image.tag | default .root.Values.global.imageTag | default .root.Chart.AppVersion }}
{{- end -}}
{{- end }}

{{/* root: the name of the chart's service account. */}}
{{- define "ccat-common.service-account-name" -}}
{{- if .Values.serviceAccount.create -}}
{{ .Values.serviceAccount.name | default (include "ccat-common.fullname" .) }}
{{- else -}}
{{ .Values.serviceAccount.name | default "default" }}
{{- end -}}
{{- end }}

{{- define "ccat-common.service-account" -}}
{{- if .Values.serviceAccount.create }}
apiVersion: v1
kind: ServiceAccount
metadata:
  {{- include "ccat-common.metadata" (dict "root" . "name" (include "ccat-common.service-account-name" .)) | nindent 2 }}
  {{- with .Values.serviceAccount.annotations }}
  annotations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
automountServiceAccountToken: false
{{- end }}
{{- end }}

{{/* A number as text: helm keeps 1048576 as 1.048576e+06. */}}
{{- define "ccat-common.number" -}}
{{- if eq (float64 .) (floor .) }}{{ int64 . }}{{ else }}{{ . }}{{ end -}}
{{- end }}
