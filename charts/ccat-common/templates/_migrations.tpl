{{/*
root, name: for the Jobs in which an operator migrates, in the namespace of the OpsDatabase: an account without any right,
and the way to the database.
*/}}
{{- define "ccat-common.migrations" -}}
apiVersion: v1
kind: ServiceAccount
metadata:
  {{- include "ccat-common.metadata" (dict "root" .root "component" "migration" "name" .name) | nindent 2 }}
automountServiceAccountToken: false
{{- include "ccat-common.image-pull-secrets" .root }}
{{- if .root.Values.global.networkPolicy.enabled }}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  {{- include "ccat-common.metadata" (dict "root" .root "component" "migration" "name" .name) | nindent 2 }}
spec:
  podSelector:
    matchLabels:
      app.kubernetes.io/name: ccat-migration
      app.kubernetes.io/managed-by: ccat-operator
  policyTypes: [Ingress, Egress]
  egress:
    {{- include "ccat-common.to-dns" .root | nindent 4 }}
    {{- include "ccat-common.to-database" .root | nindent 4 }}
{{- end }}
{{- end }}

{{/* Name of that account where the operator works in all namespaces: it knows one name for all. */}}
{{- define "ccat-common.migrations-name-anywhere" -}}
ccat-migration
{{- end }}
