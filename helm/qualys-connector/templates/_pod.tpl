{{/* The pod of an import: of a dict with `root`, `name`, `import` and `args`, the command if it isn't the import. */}}

{{- define "qualys-connector.podTemplate" -}}
metadata:
  labels:
    {{- include "qualys-connector.podLabels" . | nindent 4 }}
  annotations:
    {{- include "qualys-connector.podAnnotations" . | nindent 4 }}
spec:
  {{- include "qualys-connector.podSpec" . | nindent 2 }}
{{- end }}

{{- define "qualys-connector.podLabels" -}}
{{ include "qualys-connector.labels" .root }}
qualys-connector/import: {{ .name | quote }}
{{- with .root.Values.podLabels }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{- define "qualys-connector.podAnnotations" -}}
kubectl.kubernetes.io/default-container: qualys-connector
{{- with .root.Values.podAnnotations }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{- define "qualys-connector.podSpec" -}}
{{- $values := .root.Values -}}
restartPolicy: Never
serviceAccountName: {{ include "qualys-connector.serviceAccountName" .root | quote }}
automountServiceAccountToken: false
enableServiceLinks: false
terminationGracePeriodSeconds: {{ int64 .import.terminationGracePeriodSeconds }}
securityContext:
  {{- include "qualys-connector.podSecurityContext" .root | nindent 2 }}
{{- with $values.imagePullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- if $values.lab.enabled }}
initContainers:
  {{- include "qualys-connector.labContainers" .root | nindent 2 }}
{{- end }}
containers:
  - name: qualys-connector
    image: {{ include "qualys-connector.image" (dict "image" $values.image "version" .root.Chart.AppVersion) }}
    imagePullPolicy: {{ $values.image.pullPolicy }}
    {{- with .args }}
    args:
      {{- toYaml . | nindent 6 }}
    {{- end }}
    env:
      {{- include "qualys-connector.env" . | trim | nindent 6 }}
    {{- with $values.extraEnvFrom }}
    envFrom:
      {{- toYaml . | nindent 6 }}
    {{- end }}
    resources:
      {{- toYaml .import.resources | nindent 6 }}
    securityContext:
      {{- include "qualys-connector.securityContext" . | nindent 6 }}
    # The program leaves one line; where it couldn't, the end of its log is shown.
    terminationMessagePolicy: FallbackToLogsOnError
    {{- with include "qualys-connector.volumeMounts" . }}
    volumeMounts:
      {{- trim . | nindent 6 }}
    {{- end }}
{{- with include "qualys-connector.volumes" . }}
volumes:
  {{- trim . | nindent 2 }}
{{- end }}
{{- with $values.priorityClassName }}
priorityClassName: {{ . | quote }}
{{- end }}
{{- range $key := list "nodeSelector" "tolerations" "affinity" "topologySpreadConstraints" "hostAliases" "dnsConfig" }}
{{- with get $values $key }}
{{ $key }}:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}
{{- end }}

{{/* OpenShift gives each namespace ids of its own and refuses others. */}}
{{- define "qualys-connector.podSecurityContext" -}}
runAsNonRoot: true
{{- $openshift := .Values.openshift }}
{{- if eq (toString $openshift) "auto" }}
{{- $openshift = .Capabilities.APIVersions.Has "security.openshift.io/v1" }}
{{- end }}
{{- if not $openshift }}
runAsUser: 65532
runAsGroup: 65532
fsGroup: 65532
{{- end }}
seccompProfile:
  type: RuntimeDefault
{{- end }}

{{- define "qualys-connector.securityContext" -}}
allowPrivilegeEscalation: false
capabilities:
  drop: [ALL]
privileged: false
readOnlyRootFilesystem: true
runAsNonRoot: true
{{- end }}

{{/* The program's settings, then who the pod is; what others are to know of it goes into the resource attributes. */}}
{{- define "qualys-connector.env" -}}
{{- $root := .root -}}
{{- $import := .import -}}
{{- if or $import.secrets.directory (include "qualys-connector.secretSources" $import) }}
- name: QC_SECRETS_DIR
  value: {{ default (include "qualys-connector.secretsPath" .) $import.secrets.directory }}
{{- end }}
{{- if and (ne $import.mode "single") (not .args) }}
- name: {{ get (dict "indexed" "QC_QUALYS__TEMPLATE_INDEX" "sharded" "SHARD_INDEX") $import.mode }}
  valueFrom:
    fieldRef:
      fieldPath: metadata.annotations['batch.kubernetes.io/job-completion-index']
{{- else if ne $import.mode "single" }}
{{- if eq $import.mode "sharded" }}
- name: SHARD_INDEX
  value: "0"
{{- end }}
{{- /* The Job controller sets it in pods of an Indexed Job; mounts may use it (subPathExpr), and a check has them too. */}}
- name: JOB_COMPLETION_INDEX
  value: "0"
{{- end }}
{{- include "qualys-connector.variables" (dict "name" "QC_" "value" (include "qualys-connector.settings" $import | fromYaml)) }}
{{- range $name, $path := dict "POD_NAME" "metadata.name" "POD_UID" "metadata.uid" "NODE_NAME" "spec.nodeName" "JOB_NAME" "metadata.labels['batch.kubernetes.io/job-name']" }}
- name: {{ $name }}
  valueFrom:
    fieldRef:
      fieldPath: {{ $path }}
{{- end }}
- name: OTEL_RESOURCE_ATTRIBUTES
  value: {{ include "qualys-connector.resourceAttributes" . | quote }}
{{- with $root.Values.otel.endpoint }}
- name: OTEL_EXPORTER_OTLP_ENDPOINT
  value: {{ . | quote }}
- name: OTEL_EXPORTER_OTLP_PROTOCOL
  value: {{ $root.Values.otel.protocol | quote }}
{{- end }}
{{- with $root.Values.extraEnv }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{- define "qualys-connector.resourceAttributes" -}}
{{- $attributes := list
  (printf "k8s.namespace.name=%s" .root.Release.Namespace)
  (printf "k8s.cronjob.name=%s" .import.fullname)
  "k8s.job.name=$(JOB_NAME)"
  "k8s.pod.name=$(POD_NAME)"
  "k8s.pod.uid=$(POD_UID)"
  "k8s.node.name=$(NODE_NAME)"
  "k8s.container.name=qualys-connector" -}}
{{- range $name, $value := .root.Values.otel.resourceAttributes -}}
{{- $attributes = append $attributes (printf "%s=%s" $name (toString $value | urlquery | replace "+" "%20")) -}}
{{- end -}}
{{- join "," $attributes -}}
{{- end }}
