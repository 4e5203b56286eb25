{{- define "driftserve.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{- define "driftserve.fullname" -}}
{{- $name := include "driftserve.name" . -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 52 | trimSuffix "-" -}}
{{- else if contains $name .Release.Name -}}
{{- .Release.Name | trunc 52 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name $name | trunc 52 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{- define "driftserve.selectorLabels" -}}
app.kubernetes.io/name: {{ include "driftserve.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "driftserve.labels" -}}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{ include "driftserve.selectorLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end -}}

{{- define "driftserve.metadata" -}}
name: {{ include "driftserve.fullname" . }}
namespace: {{ .Release.Namespace }}
labels:
  {{- include "driftserve.labels" . | nindent 2 }}
{{- end -}}

{{- define "driftserve.serviceAccountName" -}}
{{- if .Values.serviceAccount.create -}}
{{- default (include "driftserve.fullname" .) .Values.serviceAccount.name -}}
{{- else -}}
{{- default "default" .Values.serviceAccount.name -}}
{{- end -}}
{{- end -}}

{{- /* An image by digest where there is one. Call with (dict "image" … "tag" the tag where none is given). */ -}}
{{- define "driftserve.image" -}}
{{- if .image.digest -}}
{{- printf "%s@%s" .image.repository .image.digest -}}
{{- else -}}
{{- printf "%s:%s" .image.repository (default .tag .image.tag) -}}
{{- end -}}
{{- end -}}

{{- /* What the restricted Pod Security Standard asks of a container, and a root that nobody writes to. */ -}}
{{- define "driftserve.containerSecurityContext" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
runAsNonRoot: true
capabilities: {drop: [ALL]}
seccompProfile: {type: RuntimeDefault}
{{- end -}}

{{- /* Pods can sleep before SIGTERM from 1.30 on; before, the server serves on as long after it. */ -}}
{{- define "driftserve.podsCanSleep" -}}
{{- if semverCompare ">=1.30.0-0" .Capabilities.KubeVersion.Version -}}yes{{- end -}}
{{- end -}}

{{- /* A file of the tree with its links to runbooks; takes file and root. */ -}}
{{- define "driftserve.withRunbooks" -}}
{{- $text := toString .file -}}
{{- with .root.Values.runbooks }}{{ $text = replace "https://runbooks.example/driftserve" . $text }}{{ end -}}
{{- $text -}}
{{- end -}}
