{{- define "wirescribe.name" -}}
{{- .Release.Name | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{- define "wirescribe.selector" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "wirescribe.labels" -}}
{{ include "wirescribe.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end -}}

{{- define "wirescribe.serviceAccount" -}}
{{- default (include "wirescribe.name" .) .Values.serviceAccount.name -}}
{{- end -}}
