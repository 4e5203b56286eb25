{{- define "driftserve.podPlacement" -}}
{{- with .Values.imagePullSecrets }}
imagePullSecrets:
  {{- range . }}
  - name: {{ . }}
  {{- end }}
{{- end }}
{{- with .Values.runtimeClassName }}
runtimeClassName: {{ . }}
{{- end }}
{{- with .Values.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- with .Values.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- $tolerations := .Values.tolerations }}
{{- if and .Values.gpu.count .Values.gpu.tolerate }}
{{- $taint := dict "key" .Values.gpu.resourceName "operator" "Exists" "effect" "NoSchedule" }}
{{- $tolerations = append $tolerations $taint }}
{{- end }}
{{- with $tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.affinity }}
affinity:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- if .Values.topologySpread.enabled }}
topologySpreadConstraints:
  - topologyKey: {{ .Values.topologySpread.topologyKey }}
    maxSkew: {{ .Values.topologySpread.maxSkew }}
    whenUnsatisfiable: {{ .Values.topologySpread.whenUnsatisfiable }}
    labelSelector:
      matchLabels:
        {{- include "driftserve.selectorLabels" . | nindent 8 }}
    matchLabelKeys: [pod-template-hash]
{{- end }}
{{- end -}}

{{- define "driftserve.resources" -}}
{{- $resources := deepCopy .Values.resources -}}
{{- if .Values.gpu.count -}}
{{- $_ := set $resources.limits .Values.gpu.resourceName .Values.gpu.count -}}
{{- end -}}
{{- toYaml $resources -}}
{{- end -}}

{{- /* The kubelet asks for the service "", which stands for the whole server. */ -}}
{{- define "driftserve.probes" -}}
startupProbe:
  grpc: {port: 8001}
  periodSeconds: {{ .Values.startupProbe.periodSeconds }}
  failureThreshold: {{ .Values.startupProbe.failureThreshold }}
readinessProbe:
  grpc: {port: 8001}
  periodSeconds: {{ .Values.readinessProbe.periodSeconds }}
  failureThreshold: {{ .Values.readinessProbe.failureThreshold }}
{{- if .Values.livenessProbe.enabled }}
livenessProbe:
  grpc: {port: 8001}
  periodSeconds: {{ .Values.livenessProbe.periodSeconds }}
  failureThreshold: {{ .Values.livenessProbe.failureThreshold }}
{{- end }}
{{- end -}}

{{- /* The environment goes before server.yaml: secrets, and as many serving threads as there is CPU. */ -}}
{{- define "driftserve.environment" -}}
{{- $secrets := .Values.kafkaSecrets -}}
env:
  - name: TMPDIR
    value: /tmp
  {{- if and (hasKey .Values.resources.limits "cpu") (not (dig "grpc" "pollers" 0 .Values.config)) }}
  - name: DRIFTSERVE_GRPC__POLLERS
    valueFrom: {resourceFieldRef: {containerName: driftserve, resource: limits.cpu}}
  {{- end }}
  {{- if $secrets.sasl.mechanism }}
  - name: DRIFTSERVE_KAFKA__PROPERTIES__SASL_USERNAME
    valueFrom: {secretKeyRef: {name: {{ $secrets.sasl.existingSecret }}, key: {{ $secrets.sasl.usernameKey }}}}
  - name: DRIFTSERVE_KAFKA__PROPERTIES__SASL_PASSWORD
    valueFrom: {secretKeyRef: {name: {{ $secrets.sasl.existingSecret }}, key: {{ $secrets.sasl.passwordKey }}}}
  {{- end }}
  {{- with $secrets.hashKey.existingSecret }}
  - name: DRIFTSERVE_KAFKA__HASH_KEY
    valueFrom: {secretKeyRef: {name: {{ . }}, key: {{ $secrets.hashKey.key }}}}
  {{- end }}
  {{- with .Values.extraEnv }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- end -}}

{{- define "driftserve.initContainers" -}}
{{- $s3 := .Values.models.s3 -}}
{{- if eq .Values.models.source "s3" }}
- name: models
  image: {{ include "driftserve.image" (dict "image" $s3.image "tag" "") }}
  imagePullPolicy: {{ $s3.image.pullPolicy }}
  args:
    - s3
    - sync
    - --only-show-errors
    {{- with $s3.endpointUrl }}
    - --endpoint-url={{ . }}
    {{- end }}
    - {{ $s3.url }}
    - {{ .Values.models.path }}
  env:
    - name: HOME
      value: /tmp
    {{- with $s3.region }}
    - name: AWS_REGION
      value: {{ . }}
    {{- end }}
    {{- with $s3.existingSecret }}
    - name: AWS_ACCESS_KEY_ID
      valueFrom: {secretKeyRef: {name: {{ . }}, key: AWS_ACCESS_KEY_ID}}
    - name: AWS_SECRET_ACCESS_KEY
      valueFrom: {secretKeyRef: {name: {{ . }}, key: AWS_SECRET_ACCESS_KEY}}
    {{- end }}
  securityContext:
    {{- include "driftserve.containerSecurityContext" . | nindent 4 }}
  volumeMounts:
    - {name: models, mountPath: {{ .Values.models.path }}}
    - {name: tmp, mountPath: /tmp}
{{- end }}
{{- with .Values.extraInitContainers }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- define "driftserve.volumeMounts" -}}
{{- $models := .Values.models -}}
- {name: config, mountPath: /etc/driftserve/server.yaml, subPath: server.yaml, readOnly: true}
- {name: tmp, mountPath: /tmp}
{{- if eq $models.source "pvc" }}
- name: models
  mountPath: {{ $models.path }}
  readOnly: {{ $models.pvc.readOnly }}
  {{- with $models.pvc.subPath }}
  subPath: {{ . | quote }}
  {{- end }}
{{- else if eq $models.source "s3" }}
- {name: models, mountPath: {{ $models.path }}, readOnly: true}
{{- end }}
{{- if and .Values.kafkaSecrets.tls.enabled .Values.kafkaSecrets.tls.existingSecret }}
- {name: kafka-tls, mountPath: /etc/driftserve/kafka-tls, readOnly: true}
{{- end }}
{{- with .Values.extraVolumeMounts }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- define "driftserve.volumes" -}}
{{- $models := .Values.models -}}
- name: config
  configMap: {name: {{ include "driftserve.fullname" . }}}
- name: tmp
  emptyDir: {sizeLimit: {{ .Values.temporaryFiles.sizeLimit | default "2Gi" | quote }}}
{{- if eq $models.source "pvc" }}
- name: models
  persistentVolumeClaim: {claimName: {{ $models.pvc.existingClaim }}, readOnly: {{ $models.pvc.readOnly }}}
{{- else if eq $models.source "s3" }}
- name: models
  emptyDir: {sizeLimit: {{ $models.s3.sizeLimit | default "20Gi" | quote }}}
{{- end }}
{{- if and .Values.kafkaSecrets.tls.enabled .Values.kafkaSecrets.tls.existingSecret }}
- name: kafka-tls
  secret: {secretName: {{ .Values.kafkaSecrets.tls.existingSecret }}, defaultMode: 0440}
{{- end }}
{{- with .Values.extraVolumes }}
{{ toYaml . }}
{{- end }}
{{- end -}}
