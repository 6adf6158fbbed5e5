{{- define "remit.name" -}}
{{- $name := .Release.Name | replace "." "-" -}}
{{- if contains "remit" $name }}{{ $name | trunc 50 | trimSuffix "-" }}{{ else }}{{ printf "%s-remit" $name | trunc 50 | trimSuffix "-" }}{{ end -}}
{{- end }}

{{- define "remit.selector" -}}
app.kubernetes.io/name: remit
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "remit.labels" -}}
{{ include "remit.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end }}

{{- define "remit.image" -}}
{{ .Values.image.repository }}{{ if .Values.image.digest }}@{{ .Values.image.digest }}{{ else }}:{{ .Values.image.tag | default .Chart.AppVersion }}{{ end }}
{{- end }}

{{- define "remit.url" -}}
{{ .Values.externalUrl | default (printf "https://%s.%s.svc:9847" (include "remit.name" .) .Release.Namespace) }}
{{- end }}

{{- define "remit.tokens" -}}
{{ .Values.tokens.existingSecret | default (printf "%s-tokens" (include "remit.name" .)) }}
{{- end }}

{{- define "remit.tls" -}}
{{ .Values.tls.existingSecret | default (printf "%s-tls" (include "remit.name" .)) }}
{{- end }}

{{/* Links of rules and dashboards, which are written for a Remit on the reader's own machine. */}}
{{- define "remit.linked" -}}
{{ .text | replace "http://127.0.0.1:9847" .url }}
{{- end }}
