{{/*
The lab: both far ends as sidecars of the import's own pod. They share a volume with it, since their certificates are
made anew at each start; so nothing has to be handed from pod to pod, and every run begins with an empty network map.
*/}}

{{/* What the lab sets in every import. */}}
{{- define "qualys-connector.labImport" -}}
settings:
  qualys:
    url: https://127.0.0.1:8443
    ca_file: /lab/qualys/ca.pem
    poll_interval: 1s
  management_center:
    server: 127.0.0.1
    port: 8307
    pkcs12: /lab/management-center/client.pkcs12
    trust: pkcs12
  commands:
    add_host: true
secrets:
  directory: ""
  qualys: {existingSecret: {{ include "qualys-connector.fullname" . }}-lab, userKey: username, passwordKey: password, tokenKey: ""}
  proxy: {existingSecret: ""}
  managementCenter: {existingSecret: ""}
  pushgateway: {existingSecret: ""}
certificates:
  qualys: {configMap: "", existingSecret: ""}
  managementCenter: {configMap: "", existingSecret: ""}
{{- end }}

{{- define "qualys-connector.labContainers" -}}
{{- $image := include "qualys-connector.image" (dict "image" .Values.lab.image "version" .Chart.AppVersion) -}}
- name: qualys
  image: {{ $image }}
  imagePullPolicy: {{ .Values.image.pullPolicy }}
  restartPolicy: Always
  args:
    - qualys
    - --listen=0.0.0.0:8443
    - --dir=/lab/qualys
    - --user=$(USER_ID)
    - --password=$(PASSWORD)
    - --hosts={{ int64 .Values.lab.hosts }}
    - --distinct
    - --unlisted=0s
    - --queued=1s
    - --build-time=2s
    - --fetch-lag=0s
  env:
    - name: USER_ID
      valueFrom:
        secretKeyRef: {name: {{ include "qualys-connector.fullname" . }}-lab, key: username}
    - name: PASSWORD
      valueFrom:
        secretKeyRef: {name: {{ include "qualys-connector.fullname" . }}-lab, key: password}
  startupProbe:
    tcpSocket: {port: 8443}
    periodSeconds: 1
    failureThreshold: 30
  {{- include "qualys-connector.labContainer" . | nindent 2 }}
- name: management-center
  image: {{ $image }}
  imagePullPolicy: {{ .Values.image.pullPolicy }}
  restartPolicy: Always
  args:
    - management-center
    - --listen=0.0.0.0:8307
    - --http=0.0.0.0:8080
    - --dir=/lab/management-center
    - --host-limit=600000
    - --counts-only
  startupProbe:
    httpGet: {path: /network-map, port: 8080}
    periodSeconds: 1
    failureThreshold: 30
  {{- include "qualys-connector.labContainer" . | nindent 2 }}
{{- end }}

{{- define "qualys-connector.labContainer" -}}
{{- /* The Management Center keeps a kilobyte of each host, and shows all of them at once. */ -}}
{{- $memory := printf "%dMi" (add 128 (div (int64 .Values.lab.hosts) 512)) -}}
resources:
  {{- mergeOverwrite (dict "limits" (dict "memory" $memory)) (deepCopy .Values.lab.resources) | toYaml | nindent 2 }}
securityContext:
  {{- include "qualys-connector.securityContext" . | nindent 2 }}
volumeMounts:
  - name: lab
    mountPath: /lab
{{- end }}
