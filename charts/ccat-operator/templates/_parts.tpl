{{- define "ccat-operator.migrations-name" -}}
{{- if .Values.namespaced -}}
{{- include "ccat-common.component-name" (dict "root" . "component" "migration") -}}
{{- else -}}
{{- include "ccat-common.migrations-name-anywhere" . -}}
{{- end -}}
{{- end }}

{{/* Migration Jobs run where the operator may: its place as JSON, or nothing. */}}
{{- define "ccat-operator.job-placement" -}}
{{- $placement := dict -}}
{{- range $key := list "nodeSelector" "tolerations" "priorityClassName" -}}
{{- with get $.Values $key -}}
{{- $_ := set $placement $key . -}}
{{- end -}}
{{- end -}}
{{- with $placement -}}
{{- toJson . -}}
{{- end -}}
{{- end }}
