{{/* The imports: what each has after the defaults are laid beneath it. */}}

{{/*
All imports as JSON, by name. Everything that is rendered for an import starts here, so that what is missing is said
before anything is rendered.
*/}}
{{- define "qualys-connector.imports" -}}
{{- $imports := dict -}}
{{- $own := .Values.imports -}}
{{- if and .Values.lab.enabled (not $own) -}}
{{- $own = dict "lab" (dict "templates" (list 424242)) -}}
{{- end -}}
{{- range $name, $import := $own -}}
{{- $all := mergeOverwrite (deepCopy $.Values.defaults) (deepCopy (default dict $import)) -}}
{{- if $.Values.lab.enabled -}}
{{- $all = mergeOverwrite $all (include "qualys-connector.labImport" $ | fromYaml) -}}
{{- $_ := unset (default dict $all.settings.qualys) "proxy" -}}
{{- end -}}
{{- $_ := set $all "fullname" (printf "%s-%s" (include "qualys-connector.fullname" $) $name) -}}
{{- $_ := set $all "namespace" $.Release.Namespace -}}
{{- $_ := set $all "identity" (printf "%s.%s" (include "qualys-connector.namespaceName" $) $all.fullname) -}}
{{- $_ := set $imports $name $all -}}
{{- end -}}
{{- include "qualys-connector.validate" $imports -}}
{{- toJson $imports -}}
{{- end }}

{{/* The namespace as a part of an import's name, which has 100 characters at most. A dot is in no name behind it. */}}
{{- define "qualys-connector.namespaceName" -}}
{{- $namespace := .Release.Namespace -}}
{{- if gt (len $namespace) 40 -}}
{{- printf "%s-%s" (trunc 31 $namespace) (sha256sum $namespace | trunc 8) -}}
{{- else -}}
{{- $namespace -}}
{{- end -}}
{{- end }}

{{/* Where the chart mounts things. */}}
{{- define "qualys-connector.secretsPath" -}}/run/secrets/qualys-connector{{- end }}
{{- define "qualys-connector.filesPath" -}}/etc/qualys-connector{{- end }}

{{- define "qualys-connector.statePath" -}}/var/lib/qualys-connector{{- end }}

{{/* The claim that holds what an import remembers. */}}
{{- define "qualys-connector.stateClaim" -}}
{{- default (printf "%s-state" .fullname) .state.existingClaim -}}
{{- end }}

{{/* The settings of an import as YAML: its own, and those that follow from its templates, secrets and certificates. */}}
{{- define "qualys-connector.settings" -}}
{{- $files := include "qualys-connector.filesPath" . -}}
{{- $implied := dict "qualys" dict "management_center" dict -}}
{{- with .templates -}}
{{- $_ := set $implied.qualys "template_ids" . -}}
{{- end -}}
{{- if and .secrets.qualys.existingSecret .secrets.qualys.tokenKey -}}
{{- $_ := set $implied.qualys "login" "token" -}}
{{- $_ := set $implied.qualys "token_file" (printf "%s/qualys-token" $files) -}}
{{- end -}}
{{- if or .certificates.qualys.configMap .certificates.qualys.existingSecret -}}
{{- $_ := set $implied.qualys "ca_file" (printf "%s/qualys-ca.pem" $files) -}}
{{- end -}}
{{- if .secrets.managementCenter.existingSecret -}}
{{- $_ := set $implied.management_center "pkcs12" (printf "%s/client.pkcs12" $files) -}}
{{- end -}}
{{- if or .certificates.managementCenter.configMap .certificates.managementCenter.existingSecret -}}
{{- $_ := set $implied.management_center "trust" (printf "ca_file:%s/management-center-ca.pem" $files) -}}
{{- end -}}
{{- /* Whose metrics and whose reports at Qualys they are. The pods of an Indexed Job are told apart by their template's index,
whose variable comes earlier. */ -}}
{{- $index := get (dict "indexed" "-$(QC_QUALYS__TEMPLATE_INDEX)" "sharded" "-$(SHARD_INDEX)") .mode -}}
{{- $_ := set $implied "telemetry" (dict "import" (printf "%s%s" .identity $index)) -}}
{{- /* Several imports, and several pods of one, may share the volume; the program makes the last folder itself. */ -}}
{{- if .state.enabled -}}
{{- $_ := set $implied "state" (dict "dir" (printf "%s/%s%s" (include "qualys-connector.statePath" .) .fullname $index)) -}}
{{- end -}}
{{- if (default dict (default dict .settings.telemetry).pushgateway).url -}}
{{- $_ := set $implied.telemetry "pushgateway" (dict "namespace" .namespace) -}}
{{- end -}}
{{- /* Pods know nothing of each other's templates, so nothing can be merged. */ -}}
{{- if eq .mode "indexed" -}}
{{- $_ := set $implied "commands" (dict "templates" "disjoint") -}}
{{- end -}}
{{- /* Kubernetes counts from 0, which is the last part. */ -}}
{{- if eq .mode "sharded" -}}
{{- $_ := set $implied "detections" (dict "shard" (printf "$(SHARD_INDEX)/%d" (int .shards))) -}}
{{- end -}}
{{- toYaml (mergeOverwrite $implied (deepCopy .settings)) -}}
{{- end }}

{{/* How many pods an import has, each with an index of its own; 1 in mode `single`. */}}
{{- define "qualys-connector.pods" -}}
{{- get (dict "single" 1 "indexed" (len .templates) "sharded" .shards) .mode | int -}}
{{- end }}

{{/* Variables of the program for settings: of a dict with `name`, the variable so far, and `value`. */}}
{{- define "qualys-connector.variables" -}}
{{- if kindIs "map" .value -}}
{{- $name := .name -}}
{{- range $key, $value := .value }}
{{- include "qualys-connector.variables" (dict "name" (printf "%s%s%s" $name (ternary "" "__" (eq $name "QC_")) (upper $key)) "value" $value) }}
{{- end }}
{{- else if not (kindIs "invalid" .value) }}
- name: {{ .name }}
  value: {{ include "qualys-connector.text" .value | quote }}
{{- end }}
{{- end }}

{{/* A value as the program reads it: lists with commas, numbers with all their digits. */}}
{{- define "qualys-connector.text" -}}
{{- if kindIs "slice" . -}}
{{- range $index, $item := . -}}
{{- if $index }},{{ end -}}{{- include "qualys-connector.text" $item -}}
{{- end -}}
{{- else if kindIs "float64" . -}}
{{- printf "%.0f" . -}}
{{- else -}}
{{- toString . -}}
{{- end -}}
{{- end }}
