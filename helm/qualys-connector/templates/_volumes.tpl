{{/* What is mounted: settings that are secret, other files, and what the user adds. */}}

{{/*
Files that the program reads as settings, by their names. A projected volume joins several Secrets in one folder, which
holds nothing but settings: the program takes any other file for a mistake.
*/}}
{{- define "qualys-connector.secretSources" -}}
{{- $secrets := .secrets -}}
{{- $sources := list -}}
{{- if not $secrets.directory -}}
{{- if and $secrets.qualys.existingSecret (not $secrets.qualys.tokenKey) -}}
{{- $sources = append $sources (dict "name" $secrets.qualys.existingSecret "items" (dict "qualys.user_id" $secrets.qualys.userKey "qualys.password" $secrets.qualys.passwordKey)) -}}
{{- end -}}
{{- if $secrets.proxy.existingSecret -}}
{{- $sources = append $sources (dict "name" $secrets.proxy.existingSecret "items" (dict "qualys.proxy.username" $secrets.proxy.userKey "qualys.proxy.password" $secrets.proxy.passwordKey)) -}}
{{- end -}}
{{- if and $secrets.managementCenter.existingSecret $secrets.managementCenter.passwordKey -}}
{{- $sources = append $sources (dict "name" $secrets.managementCenter.existingSecret "items" (dict "management_center.pkcs12_password" $secrets.managementCenter.passwordKey)) -}}
{{- end -}}
{{- if $secrets.pushgateway.existingSecret -}}
{{- $items := dict "telemetry.pushgateway.username" $secrets.pushgateway.userKey "telemetry.pushgateway.password" $secrets.pushgateway.passwordKey -}}
{{- if $secrets.pushgateway.tokenKey -}}
{{- $items = dict "telemetry.pushgateway.token" $secrets.pushgateway.tokenKey -}}
{{- end -}}
{{- $sources = append $sources (dict "name" $secrets.pushgateway.existingSecret "items" $items) -}}
{{- end -}}
{{- end -}}
{{- range $sources }}
- secret:
    name: {{ .name | quote }}
    items:
      {{- range $path, $key := .items }}
      {{- if $key }}
      - key: {{ $key | quote }}
        path: {{ $path }}
      {{- end }}
      {{- end }}
{{- end }}
{{- end }}

{{/* Files that settings name by their path. */}}
{{- define "qualys-connector.fileSources" -}}
{{- if .secrets.managementCenter.existingSecret }}
- secret:
    name: {{ .secrets.managementCenter.existingSecret | quote }}
    items:
      - key: {{ .secrets.managementCenter.pkcs12Key | quote }}
        path: client.pkcs12
{{- end }}
{{- if and .secrets.qualys.existingSecret .secrets.qualys.tokenKey }}
- secret:
    name: {{ .secrets.qualys.existingSecret | quote }}
    items:
      - key: {{ .secrets.qualys.tokenKey | quote }}
        path: qualys-token
{{- end }}
{{- include "qualys-connector.certificate" (dict "from" .certificates.qualys "path" "qualys-ca.pem") }}
{{- include "qualys-connector.certificate" (dict "from" .certificates.managementCenter "path" "management-center-ca.pem") }}
{{- end }}

{{- define "qualys-connector.certificate" -}}
{{- $name := default .from.configMap .from.existingSecret }}
{{- if $name }}
- {{ ternary "secret" "configMap" (ne .from.existingSecret "") }}:
    name: {{ $name | quote }}
    items:
      - key: {{ .from.key | quote }}
        path: {{ .path }}
{{- end }}
{{- end }}

{{- define "qualys-connector.volumes" -}}
{{- with include "qualys-connector.secretSources" .import }}
- name: secrets
  projected:
    defaultMode: 0440
    sources:
      {{- trim . | nindent 6 }}
{{- end }}
{{- with include "qualys-connector.fileSources" .import }}
- name: files
  projected:
    defaultMode: 0440
    sources:
      {{- trim . | nindent 6 }}
{{- end }}
{{- if .import.state.enabled }}
- name: state
  persistentVolumeClaim:
    claimName: {{ include "qualys-connector.stateClaim" .import | quote }}
{{- end }}
{{- if .root.Values.lab.enabled }}
- name: lab
  emptyDir:
    sizeLimit: 256Mi
{{- end }}
{{- with .root.Values.extraVolumes }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{- define "qualys-connector.volumeMounts" -}}
{{- if include "qualys-connector.secretSources" .import }}
- name: secrets
  mountPath: {{ include "qualys-connector.secretsPath" . }}
  readOnly: true
{{- end }}
{{- if include "qualys-connector.fileSources" .import }}
- name: files
  mountPath: {{ include "qualys-connector.filesPath" . }}
  readOnly: true
{{- end }}
{{- if .import.state.enabled }}
- name: state
  mountPath: {{ include "qualys-connector.statePath" . }}
{{- end }}
{{- if .root.Values.lab.enabled }}
- name: lab
  mountPath: /lab
  readOnly: true
{{- end }}
{{- with .root.Values.extraVolumeMounts }}
{{ toYaml . }}
{{- end }}
{{- end }}
