{{/* root: the environment of all programs of this chart. */}}
{{- define "data-transfer.env" -}}
- name: CCAT_OPS_DB_ENVIRONMENT
  value: {{ .Values.global.environment }}
{{ include "ccat-common.database-env" . }}
- name: CCAT_DATA_TRANSFER_ALLOW_HTTP
  value: {{ .Values.allowHttp | quote }}
{{- end }}

{{/* root: the environment of planner and workers. */}}
{{- define "data-transfer.engine-env" -}}
{{ include "data-transfer.env" . }}
{{ include "ccat-common.broker-env" (dict "root" . "name" "CCAT_DATA_TRANSFER_BROKER_URL") }}
- name: CCAT_DATA_TRANSFER_METRICS_PORT
  value: "9100"
{{- with .Values.sites }}
- name: CCAT_DATA_TRANSFER_SITES
  value: {{ toJson . | quote }}
{{- end }}
{{- range $key, $value := .Values.settings }}
- name: CCAT_DATA_TRANSFER_{{ snakecase $key | upper }}
  value: {{ include "ccat-common.number" $value | quote }}
{{- end }}
{{- end }}

{{/* root, what (for messages), pod: the mounts of credentials and volumes. readOnly: of all. */}}
{{- define "data-transfer.mounts" -}}
{{- $context := . -}}
{{- range .pod.credentials }}
- name: {{ printf "credential-%s" . | replace "." "-" }}
  mountPath: /etc/ccat/credentials/{{ . }}
  readOnly: true
{{- end }}
{{- range .pod.volumes }}
- name: {{ .name }}
  mountPath: {{ .mountPath }}
  {{- with .subPath }}
  subPath: {{ . }}
  {{- end }}
  {{- if or $context.readOnly .readOnly }}
  readOnly: true
  {{- end }}
{{- end }}
{{- end }}

{{/* root, what, pod: the volumes behind them. */}}
{{- define "data-transfer.volumes" -}}
{{- $context := . -}}
{{- range .pod.credentials }}
{{- $credential := get $context.root.Values.credentials . | required (printf "%s names the credential %q, which is not in credentials: add it there with its existingSecret" $context.what .) }}
- name: {{ printf "credential-%s" . | replace "." "-" }}
  secret:
    secretName: {{ $credential.existingSecret }}
    defaultMode: 0440
{{- end }}
{{- $seen := list }}
{{- range .pod.volumes }}
{{- if not (has .name $seen) }}
{{- $seen = append $seen .name }}
- name: {{ .name }}
  persistentVolumeClaim:
    claimName: {{ include "data-transfer.claim" (dict "root" $context.root "what" $context.what "name" .name) }}
    {{- if $context.readOnly }}
    readOnly: true
    {{- end }}
{{- end }}
{{- end }}
{{- end }}

{{/* root, what, name: the claim of one of the chart's volumes. */}}
{{- define "data-transfer.claim" -}}
{{- $volume := get .root.Values.volumes .name | required (printf "%s names the volume %q, which is not in volumes: add it there" .what .name) -}}
{{- $volume.claim | default (include "ccat-common.component-name" (dict "root" .root "component" .name)) -}}
{{- end }}

{{/* worker: SQL that counts the open work of a set of workers. */}}
{{- define "data-transfer.open-work" -}}
{{- $columns := dict
  "raw_data_package_creation" (list "package_creation" "source_location_id")
  "data_transfer" (list "data_transfer" "source_location_id")
  "verify" (list "fixity_check" "data_location_id")
  "long_term_archive_transfer" (list "long_term_archive_transfer" "destination_location_id")
  "staging" (list "staging_item" "destination_location_id")
  "deletion" (list "deletion" "data_location_id") -}}
{{- $counts := list -}}
{{- range $operation := .operations | default (keys $columns | sortAlpha) -}}
{{- $table := index $columns $operation 0 -}}
{{- $column := index $columns $operation 1 -}}
{{- $place := printf "%s LIKE '%s.%%'" $column $.site -}}
{{- if $.locations -}}
{{- $place = printf "%s IN ('%s')" $column (join "', '" $.locations) -}}
{{- end -}}
{{- $counts = append $counts (printf "(SELECT count(*) FROM %s WHERE status IN ('scheduled', 'in_progress') AND %s)" $table $place) -}}
{{- end -}}
SELECT {{ join " + " $counts }}
{{- end }}
