{{/* Parts of pods. `pod` is a dictionary with the values that every pod of ours has. */}}

{{/*
root, component, pod, serviceAccount: everything of a pod's spec but containers and volumes.
Service links would put variables such as CCAT_…_SERVICE_HOST into the environment, which our programs refuse as settings
that do not exist.
*/}}
{{- define "ccat-common.pod-spec" -}}
{{- if .serviceAccount -}}
serviceAccountName: {{ .serviceAccount }}
{{- else -}}
serviceAccountName: {{ include "ccat-common.service-account-name" .root }}
{{- end }}
automountServiceAccountToken: {{ .mountToken | default false }}
enableServiceLinks: false
terminationGracePeriodSeconds: {{ .pod.terminationGracePeriodSeconds }}
securityContext:
  runAsNonRoot: true
  runAsUser: {{ .pod.securityContext.runAsUser | int64 }}
  runAsGroup: {{ .pod.securityContext.runAsGroup | int64 }}
  fsGroup: {{ .pod.securityContext.fsGroup | int64 }}
  fsGroupChangePolicy: OnRootMismatch
  {{- with .pod.securityContext.supplementalGroups }}
  supplementalGroups:
    {{- range . }}
    - {{ . | int64 }}
    {{- end }}
  {{- end }}
  seccompProfile:
    type: RuntimeDefault
{{- include "ccat-common.image-pull-secrets" .root }}
{{- with .pod.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- with .pod.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .pod.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- $context := . }}
{{- with .pod.topologySpread }}
{{- if .enabled }}
topologySpreadConstraints:
  {{- range .topologyKeys }}
  - topologyKey: {{ . }}
    maxSkew: {{ $context.pod.topologySpread.maxSkew }}
    whenUnsatisfiable: {{ $context.pod.topologySpread.whenUnsatisfiable }}
    labelSelector:
      matchLabels:
        {{- include "ccat-common.selector-labels" $context | nindent 8 }}
  {{- end }}
{{- end }}
{{- end }}
{{- end }}

{{/* Of pods, or of an account whose pods have them; a line before it, nothing after it. */}}
{{- define "ccat-common.image-pull-secrets" -}}
{{- with .Values.global.imagePullSecrets }}
imagePullSecrets:
  {{- range . }}
  - name: {{ . }}
  {{- end }}
{{- end }}
{{- end }}

{{/* root, component, pod: metadata of a pod. */}}
{{- define "ccat-common.pod-metadata" -}}
labels:
  {{- include "ccat-common.pod-labels" . | nindent 2 }}
  {{- with .pod.podLabels }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- $annotations := merge (dict) (.annotations | default dict) .pod.podAnnotations }}
{{- with $annotations }}
annotations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{/* root, image, imageName, pod: what every container of ours has. */}}
{{- define "ccat-common.container" -}}
image: {{ include "ccat-common.image" . }}
imagePullPolicy: {{ .root.Values.global.imagePullPolicy }}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  runAsNonRoot: true
  capabilities:
    drop: [ALL]
resources:
  {{- toYaml .pod.resources | nindent 2 }}
{{- end }}

{{/* pod: the sources of the environment that were given by hand. */}}
{{- define "ccat-common.env-from" -}}
{{- with .pod.extraEnvFrom }}
envFrom:
  {{- range . }}
  {{- with .secretRef }}
  - secretRef:
      name: {{ . }}
  {{- end }}
  {{- with .configMapRef }}
  - configMapRef:
      name: {{ . }}
  {{- end }}
  {{- end }}
{{- end }}
{{- end }}

{{- define "ccat-common.extra-env" -}}
{{- range $name, $value := .pod.extraEnv }}
- name: {{ $name }}
  value: {{ $value | quote }}
{{- end }}
{{- end }}

{{/* name, reference: an environment variable from a Secret. */}}
{{- define "ccat-common.secret-env" -}}
- name: {{ .name }}
  valueFrom:
    secretKeyRef:
      name: {{ .reference.existingSecret }}
      key: {{ .reference.key }}
{{- end }}

{{/* root: where a service finds the address of the database: in a file, which follows its Secret. */}}
{{- define "ccat-common.database-env" -}}
- name: CCAT_OPS_DB_DATABASE_URL_FILE
  value: /etc/ccat/database/url
{{- end }}
{{- define "ccat-common.database-mount" -}}
- name: database
  mountPath: /etc/ccat/database
  readOnly: true
{{- end }}
{{- define "ccat-common.database-volume" -}}
- name: database
  secret:
    secretName: {{ .Values.global.database.existingSecret }}
    items:
      - {key: {{ .Values.global.database.key }}, path: url}
    defaultMode: 0440
{{- end }}

{{/* root, name: the environment variable with the broker's address. */}}
{{- define "ccat-common.broker-env" -}}
{{- $broker := .root.Values.global.broker -}}
{{- if $broker.url -}}
- name: {{ .name }}
  value: {{ $broker.url | quote }}
{{- else if $broker.existingSecret -}}
{{ include "ccat-common.secret-env" (dict "name" .name "reference" $broker) }}
{{- else -}}
{{ fail "global.broker has neither url nor existingSecret: name the Secret with the address of Redis, or set the address, if it has no password" }}
{{- end -}}
{{- end }}

{{/* path, port: liveness, readiness and start of a process. */}}
{{- define "ccat-common.probes" -}}
startupProbe:
  httpGet: {path: {{ .live }}, port: {{ .port }}}
  periodSeconds: 2
  failureThreshold: 60
  timeoutSeconds: 5
livenessProbe:
  httpGet: {path: {{ .live }}, port: {{ .port }}}
  periodSeconds: 20
  failureThreshold: 6
  timeoutSeconds: 10
readinessProbe:
  httpGet: {path: {{ .ready }}, port: {{ .port }}}
  periodSeconds: 5
  failureThreshold: 3
  timeoutSeconds: 10
{{- end }}

{{/* pod: the volume and the mount of /tmp. */}}
{{- define "ccat-common.temporary-volume" -}}
- name: temporary
  emptyDir:
    sizeLimit: {{ .pod.temporaryStorage }}
{{- end }}
{{- define "ccat-common.temporary-mount" -}}
- name: temporary
  mountPath: /tmp
{{- end }}
