{{- define "dev-services.check" -}}
{{- if eq .Values.global.environment "production" -}}
{{ fail "dev-services is for development and tests: it has no backups. Where global.environment is production, set dev-services.enabled to false and name your own servers" }}
{{- end -}}
{{- if and .Values.secrets.create (ne .Values.global.environment "development") -}}
{{ fail "dev-services.secrets.create makes secrets that anybody can work out: outside of development set it to false and make the Secrets yourself" }}
{{- end -}}
{{- end }}

{{/* root, purpose: a text that is the same at each render. It is no secret. */}}
{{- define "dev-services.no-secret" -}}
{{ printf "%s/%s/%s" .root.Release.Namespace .root.Release.Name .purpose | sha256sum | trunc 40 }}
{{- end }}

{{- define "dev-services.host" -}}
{{ include "ccat-common.component-name" . }}.{{ .root.Release.Namespace }}.svc
{{- end }}

{{/* root, component: the Secret with the server's password. */}}
{{- define "dev-services.password-secret" -}}
{{ include "ccat-common.component-name" (dict "root" .root "component" "passwords") }}
{{- end }}

{{/* root, component, port, env (YAML), server (values): one server with its Service and its network policy. */}}
{{- define "dev-services.server" -}}
{{- $pod := merge (dict "imageName" "dev-services" "image" .root.Values.image "pod" .root.Values) . -}}
apiVersion: apps/v1
kind: StatefulSet
metadata:
  {{- include "ccat-common.metadata" $pod | nindent 2 }}
spec:
  replicas: 1
  serviceName: {{ include "ccat-common.component-name" $pod }}
  selector:
    matchLabels:
      {{- include "ccat-common.selector-labels" $pod | nindent 6 }}
  template:
    metadata:
      {{- include "ccat-common.pod-metadata" $pod | nindent 6 }}
    spec:
      {{- include "ccat-common.pod-spec" $pod | nindent 6 }}
      containers:
        - name: {{ .component }}
          {{- include "ccat-common.container" $pod | nindent 10 }}
          args: [{{ .component }}]
          ports:
            - name: {{ .component }}
              containerPort: {{ .port }}
              protocol: TCP
          {{- include "ccat-common.env-from" $pod | nindent 10 }}
          env:
            - name: CCAT_DEV_SERVICE_PASSWORD_FILE
              value: /etc/ccat/password/{{ .component }}
            {{- .env | nindent 12 }}
            {{- include "ccat-common.extra-env" $pod | nindent 12 }}
          # That it has what it shall have is looked at once; afterwards that it listens is enough.
          startupProbe:
            exec:
              command: [ccat-dev-service, check, {{ .component }}]
            periodSeconds: 3
            failureThreshold: 40
            timeoutSeconds: 15
          readinessProbe:
            tcpSocket: {port: {{ .component }}}
            periodSeconds: 5
          livenessProbe:
            tcpSocket: {port: {{ .component }}}
            periodSeconds: 20
            failureThreshold: 6
          volumeMounts:
            {{- include "ccat-common.temporary-mount" $pod | nindent 12 }}
            - name: data
              mountPath: /data
            - name: password
              mountPath: /etc/ccat/password
              readOnly: true
      volumes:
        {{- include "ccat-common.temporary-volume" $pod | nindent 8 }}
        - name: password
          secret:
            secretName: {{ include "dev-services.password-secret" $pod }}
            defaultMode: 0440
  volumeClaimTemplates:
    - metadata:
        name: data
        labels:
          {{- include "ccat-common.selector-labels" $pod | nindent 10 }}
      spec:
        accessModes: [ReadWriteOnce]
        {{- with .root.Values.storageClass }}
        storageClassName: {{ . }}
        {{- end }}
        resources:
          requests:
            storage: {{ .server.storage }}
---
apiVersion: v1
kind: Service
metadata:
  {{- include "ccat-common.metadata" $pod | nindent 2 }}
spec:
  type: {{ .server.nodePort | not | not | ternary "NodePort" "ClusterIP" }}
  selector:
    {{- include "ccat-common.selector-labels" $pod | nindent 4 }}
  ports:
    - name: {{ .component }}
      port: {{ .port }}
      targetPort: {{ .component }}
      {{- with .server.nodePort }}
      nodePort: {{ . }}
      {{- end }}
      protocol: TCP
---
{{- $own := dict "podSelector" dict }}
{{- $others := dict "namespaceSelector" dict "podSelector" (dict "matchLabels" (dict "app.kubernetes.io/part-of" "ccat-data-center")) }}
{{- $peers := .server.nodePort | not | not | ternary list (list $own $others) }}
{{- include "ccat-common.network-policy" (merge (dict "ingress" (list (include "ccat-common.from" (dict "ports" (list .port) "peers" $peers)))) $pod) }}
{{- end }}
