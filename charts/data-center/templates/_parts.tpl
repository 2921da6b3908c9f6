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

{{/*
root, component, schedule, args, environment: a CronJob with the operator's image, the owner's address and the backups; one
without a schedule is there for Jobs that people make of it.
*/}}
{{- define "data-center.backup-job" -}}
{{- $values := .root.Values }}
{{- $pod := dict "root" .root "component" .component "imageName" "operator" "image" $values.jobs.image "pod" $values.jobs "serviceAccount" (include "ccat-common.component-name" (dict "root" .root "component" "jobs")) }}
apiVersion: batch/v1
kind: CronJob
metadata:
  {{- include "ccat-common.metadata" $pod | nindent 2 }}
spec:
  schedule: {{ .schedule | default "0 3 * * *" | quote }}
  timeZone: Etc/UTC
  suspend: {{ empty .schedule }}
  concurrencyPolicy: Forbid
  startingDeadlineSeconds: 3600
  successfulJobsHistoryLimit: 3
  failedJobsHistoryLimit: 3
  jobTemplate:
    metadata:
      labels:
        {{- include "ccat-common.labels" $pod | nindent 8 }}
    spec:
      backoffLimit: {{ empty .schedule | ternary 0 6 }}
      template:
        metadata:
          {{- include "ccat-common.pod-metadata" $pod | nindent 10 }}
        spec:
          {{- include "ccat-common.pod-spec" $pod | nindent 10 }}
          restartPolicy: Never
          containers:
            - name: {{ .component }}
              {{- include "ccat-common.container" $pod | nindent 14 }}
              args:
                {{- toYaml .args | nindent 16 }}
              {{- include "ccat-common.env-from" $pod | nindent 14 }}
              env:
                {{- include "ccat-common.secret-env" (dict "name" "CCAT_OPS_DB_DATABASE_URL" "reference" $values.global.databaseOwner) | nindent 16 }}
                {{- range $name, $value := .environment }}
                - name: {{ $name }}
                  value: {{ $value | quote }}
                {{- end }}
                {{- include "ccat-common.extra-env" $pod | nindent 16 }}
              volumeMounts:
                {{- include "ccat-common.temporary-mount" $pod | nindent 16 }}
                - name: backups
                  mountPath: /backups
          volumes:
            {{- include "ccat-common.temporary-volume" $pod | nindent 12 }}
            - name: backups
              persistentVolumeClaim:
                claimName: {{ include "data-center.backup-claim" .root }}
{{- end }}

{{- define "data-center.backup-claim" -}}
{{ .Values.opsDatabase.backup.volumeClaim | default (include "ccat-common.component-name" (dict "root" . "component" "backups")) }}
{{- end }}
