{{/* Sources of the configuration, in order: a list of {name, overlay}. */}}
{{- define "data-center.sources" -}}
{{- $sources := list -}}
{{- range .Values.siteConfiguration.configMapRefs -}}
{{- $sources = append $sources (dict "name" .name "overlay" (.overlay | default false)) -}}
{{- end -}}
{{- if .Values.siteConfiguration.files -}}
{{- $sources = append $sources (dict "name" (include "ccat-common.component-name" (dict "root" . "component" "configuration")) "overlay" false) -}}
{{- end -}}
{{- if not $sources -}}
{{- fail "siteConfiguration has no files: name ConfigMaps with the files of data-center-config in siteConfiguration.configMapRefs, or give their texts in siteConfiguration.files" -}}
{{- end -}}
{{- if (first $sources).overlay -}}
{{- fail "siteConfiguration.configMapRefs begins with an overlay: there is nothing below it" -}}
{{- end -}}
{{- if .Values.siteConfiguration.overlay -}}
{{- $sources = append $sources (dict "name" (include "ccat-common.component-name" (dict "root" . "component" "overlay")) "overlay" true) -}}
{{- end -}}
{{ toYaml $sources }}
{{- end }}

{{- define "data-center.backup-claim" -}}
{{ .Values.opsDatabase.backup.volumeClaim | default (include "ccat-common.component-name" (dict "root" . "component" "backups")) }}
{{- end }}
