{{/* Names, labels, images. */}}

{{- define "qualys-connector.name" -}}
{{- default .Chart.Name .Values.nameOverride -}}
{{- end }}

{{/* The release; with the chart behind it, unless it says so already. */}}
{{- define "qualys-connector.fullname" -}}
{{- $name := include "qualys-connector.name" . -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride -}}
{{- else if contains $name .Release.Name -}}
{{- .Release.Name -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name $name -}}
{{- end -}}
{{- end }}

{{- define "qualys-connector.serviceAccountName" -}}
{{- if .Values.serviceAccount.create -}}
{{- default (include "qualys-connector.fullname" .) .Values.serviceAccount.name -}}
{{- else -}}
{{- default "default" .Values.serviceAccount.name -}}
{{- end -}}
{{- end }}

{{- define "qualys-connector.selectorLabels" -}}
app.kubernetes.io/name: {{ include "qualys-connector.name" . | quote }}
app.kubernetes.io/instance: {{ .Release.Name | quote }}
{{- end }}

{{- define "qualys-connector.labels" -}}
{{ include "qualys-connector.selectorLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end }}

{{/* Of a dict with `image` and `version`. The tag stays readable in front of a digest. */}}
{{- define "qualys-connector.image" -}}
{{- $tag := default .version .image.tag -}}
{{- if .image.digest -}}
{{- printf "%s:%s@%s" .image.repository $tag .image.digest -}}
{{- else -}}
{{- printf "%s:%s" .image.repository $tag -}}
{{- end -}}
{{- end }}
