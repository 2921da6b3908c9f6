{{/* What takes the place of files in the image, by name. */}}
{{- define "ops-db-ui.files" -}}
{{- with .Values.config }}
config.json: {{ toJson . | quote }}
{{- end }}
{{- with .Values.headers }}
headers.conf: {{ . | quote }}
{{- end }}
{{- if .Values.proxy.enabled }}
proxy.conf: {{ include "ops-db-ui.proxy" . | quote }}
{{- end }}
{{- end }}

{{/* Names are looked up when the server starts: addresses of Services stay as long as these do. */}}
{{- define "ops-db-ui.proxy" -}}
location ^~ /api/ {
    include /etc/ccat-ui/pass.conf;
    proxy_pass http://{{ include "ccat-common.other-name" (dict "root" . "chart" "ops-db-api") }}:{{ .Values.proxy.servicePort }};
}
{{- range $site, $server := .Values.proxy.dataServers }}

location ^~ /data/{{ $site }}/packages/ {
    include /etc/ccat-ui/pass.conf;
    include /etc/ccat-ui/pass-data.conf;
    proxy_pass http://{{ include "ccat-common.other-name" (dict "root" $ "chart" "data-transfer" "component" (printf "data-server-%s" $server)) }}:{{ $.Values.proxy.servicePort }}/packages/;
}
{{- end }}
{{ end }}
