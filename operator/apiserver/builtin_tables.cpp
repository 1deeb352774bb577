#include "operator/apiserver/builtin_tables.h"

namespace penstock::apiserver {

// The fields of the types of Kubernetes 1.35 that are served here, in a notation of their own:
//   Type: field=kind field+=kind:default ...      "+": required
// Kinds: s string, i int32, l int64, b boolean, t and m times, q quantity, x number or text, * any
// object; another type's name; {kind} a map; [kind] a list that is replaced whole, [kind]! a set,
// [Type|keys] a list whose items are known by keys. A "!" behind a type or map: it is replaced
// whole. What nobody runs here (exotic volumes, affinity) is any object.
const std::string_view kBuiltinTypes = R"(
Pod: spec=PodSpec status=PodStatus
PodSpec: activeDeadlineSeconds=l affinity=* automountServiceAccountToken=b
  containers+=[Container|name] dnsConfig=PodDNSConfig dnsPolicy=s:ClusterFirst
  enableServiceLinks=b:true ephemeralContainers=[*] hostAliases=[HostAlias|ip] hostIPC=b
  hostNetwork=b hostPID=b hostUsers=b hostname=s hostnameOverride=s
  imagePullSecrets=[LocalObjectReference!|name] initContainers=[Container|name] nodeName=s
  nodeSelector={s}! os=PodOS overhead={q} preemptionPolicy=s priority=i priorityClassName=s
  readinessGates=[PodReadinessGate] resourceClaims=[*] resources=ResourceRequirements
  restartPolicy=s:Always runtimeClassName=s schedulerName=s:default-scheduler
  schedulingGates=[PodSchedulingGate|name] securityContext=PodSecurityContext:{}
  serviceAccount=s serviceAccountName=s setHostnameAsFQDN=b shareProcessNamespace=b subdomain=s
  terminationGracePeriodSeconds=l:30 tolerations=[Toleration] topologySpreadConstraints=[*]
  volumes=[Volume|name] workloadRef=*
Container: args=[s] command=[s] env=[EnvVar|name] envFrom=[EnvFromSource] image=s
  imagePullPolicy=s lifecycle=Lifecycle livenessProbe=Probe name+=s
  ports=[ContainerPort|containerPort,protocol] readinessProbe=Probe
  resizePolicy=[ContainerResizePolicy] resources=ResourceRequirements:{} restartPolicy=s
  restartPolicyRules=[ContainerRestartRule] securityContext=SecurityContext startupProbe=Probe
  stdin=b stdinOnce=b terminationMessagePath=s:/dev/termination-log
  terminationMessagePolicy=s:File tty=b volumeDevices=[VolumeDevice|devicePath]
  volumeMounts=[VolumeMount|mountPath] workingDir=s
EnvVar: name+=s value=s valueFrom=EnvVarSource
EnvVarSource: configMapKeyRef=ConfigMapKeySelector! fieldRef=ObjectFieldSelector!
  fileKeyRef=FileKeySelector! resourceFieldRef=ResourceFieldSelector!
  secretKeyRef=SecretKeySelector!
ConfigMapKeySelector: key+=s name=s optional=b
ObjectFieldSelector: apiVersion=s:v1 fieldPath+=s
FileKeySelector: key+=s optional=b path+=s volumeName+=s
ResourceFieldSelector: containerName=s divisor=q resource+=s
SecretKeySelector: key+=s name=s optional=b
EnvFromSource: configMapRef=ConfigMapEnvSource prefix=s secretRef=SecretEnvSource
ConfigMapEnvSource: name=s optional=b
SecretEnvSource: name=s optional=b
Lifecycle: postStart=LifecycleHandler preStop=LifecycleHandler stopSignal=s
LifecycleHandler: exec=ExecAction httpGet=HTTPGetAction sleep=SleepAction
  tcpSocket=TCPSocketAction
ExecAction: command=[s]
HTTPGetAction: host=s httpHeaders=[HTTPHeader] path=s:/ port+=x scheme=s:HTTP
HTTPHeader: name+=s value+=s
SleepAction: seconds+=l
TCPSocketAction: host=s port+=x
Probe: exec=ExecAction failureThreshold=i:3 grpc=GRPCAction httpGet=HTTPGetAction
  initialDelaySeconds=i periodSeconds=i:10 successThreshold=i:1 tcpSocket=TCPSocketAction
  terminationGracePeriodSeconds=l timeoutSeconds=i:1
GRPCAction: port+=i service=s:""
ContainerPort: containerPort+=i hostIP=s hostPort=i name=s protocol=s:TCP
ContainerResizePolicy: resourceName+=s restartPolicy+=s
ResourceRequirements: claims=[ResourceClaim|name] limits={q} requests={q}
ResourceClaim: name+=s request=s
ContainerRestartRule: action+=s exitCodes=ContainerRestartRuleOnExitCodes
ContainerRestartRuleOnExitCodes: operator+=s values=[i]!
SecurityContext: allowPrivilegeEscalation=b appArmorProfile=AppArmorProfile
  capabilities=Capabilities privileged=b procMount=s readOnlyRootFilesystem=b runAsGroup=l
  runAsNonRoot=b runAsUser=l seLinuxOptions=SELinuxOptions seccompProfile=SeccompProfile
  windowsOptions=WindowsSecurityContextOptions
AppArmorProfile: localhostProfile=s type+=s
Capabilities: add=[s] drop=[s]
SELinuxOptions: level=s role=s type=s user=s
SeccompProfile: localhostProfile=s type+=s
WindowsSecurityContextOptions: gmsaCredentialSpec=s gmsaCredentialSpecName=s hostProcess=b
  runAsUserName=s
VolumeDevice: devicePath+=s name+=s
VolumeMount: mountPath+=s mountPropagation=s name+=s readOnly=b recursiveReadOnly=s subPath=s
  subPathExpr=s
PodDNSConfig: nameservers=[s] options=[PodDNSConfigOption] searches=[s]
PodDNSConfigOption: name=s value=s
HostAlias: hostnames=[s] ip+=s
LocalObjectReference: name=s
PodOS: name+=s
PodReadinessGate: conditionType+=s
PodSchedulingGate: name+=s
PodSecurityContext: appArmorProfile=AppArmorProfile fsGroup=l fsGroupChangePolicy=s runAsGroup=l
  runAsNonRoot=b runAsUser=l seLinuxChangePolicy=s seLinuxOptions=SELinuxOptions
  seccompProfile=SeccompProfile supplementalGroups=[l] supplementalGroupsPolicy=s
  sysctls=[Sysctl] windowsOptions=WindowsSecurityContextOptions
Sysctl: name+=s value+=s
Toleration: effect=s key=s operator=s tolerationSeconds=l value=s
Volume: awsElasticBlockStore=* azureDisk=* azureFile=* cephfs=* cinder=*
  configMap=ConfigMapVolumeSource csi=* downwardAPI=DownwardAPIVolumeSource
  emptyDir=EmptyDirVolumeSource ephemeral=* fc=* flexVolume=* flocker=* gcePersistentDisk=*
  gitRepo=* glusterfs=* hostPath=HostPathVolumeSource image=* iscsi=* name+=s
  nfs=NFSVolumeSource persistentVolumeClaim=PersistentVolumeClaimVolumeSource
  photonPersistentDisk=* portworxVolume=* projected=ProjectedVolumeSource quobyte=* rbd=*
  scaleIO=* secret=SecretVolumeSource storageos=* vsphereVolume=*
ConfigMapVolumeSource: defaultMode=i:420 items=[KeyToPath] name=s optional=b
KeyToPath: key+=s mode=i path+=s
DownwardAPIVolumeSource: defaultMode=i:420 items=[DownwardAPIVolumeFile]
DownwardAPIVolumeFile: fieldRef=ObjectFieldSelector! mode=i path+=s
  resourceFieldRef=ResourceFieldSelector!
EmptyDirVolumeSource: medium=s sizeLimit=q
HostPathVolumeSource: path+=s type=s:""
NFSVolumeSource: path+=s readOnly=b server+=s
PersistentVolumeClaimVolumeSource: claimName+=s readOnly=b
ProjectedVolumeSource: defaultMode=i:420 sources=[VolumeProjection]
VolumeProjection: clusterTrustBundle=ClusterTrustBundleProjection configMap=ConfigMapProjection
  downwardAPI=DownwardAPIProjection podCertificate=PodCertificateProjection
  secret=SecretProjection serviceAccountToken=ServiceAccountTokenProjection
ClusterTrustBundleProjection: labelSelector=LabelSelector! name=s optional=b path+=s
  signerName=s
LabelSelector: matchExpressions=[LabelSelectorRequirement] matchLabels={s}
LabelSelectorRequirement: key+=s operator+=s values=[s]
ConfigMapProjection: items=[KeyToPath] name=s optional=b
DownwardAPIProjection: items=[DownwardAPIVolumeFile]
PodCertificateProjection: certificateChainPath=s credentialBundlePath=s keyPath=s keyType+=s
  maxExpirationSeconds=i signerName+=s userAnnotations={s}
SecretProjection: items=[KeyToPath] name=s optional=b
ServiceAccountTokenProjection: audience=s expirationSeconds=l:3600 path+=s
SecretVolumeSource: defaultMode=i:420 items=[KeyToPath] optional=b secretName=s
PodStatus: allocatedResources={q} conditions=[PodCondition|type]
  containerStatuses=[ContainerStatus] ephemeralContainerStatuses=[*]
  extendedResourceClaimStatus=* hostIP=s hostIPs=[HostIP]
  initContainerStatuses=[ContainerStatus] message=s nominatedNodeName=s observedGeneration=l
  phase=s podIP=s podIPs=[PodIP|ip] qosClass=s reason=s resize=s resourceClaimStatuses=[*]
  resources=ResourceRequirements startTime=t
PodCondition: lastProbeTime=t lastTransitionTime=t message=s observedGeneration=l reason=s
  status+=s type+=s
ContainerStatus: allocatedResources={q} allocatedResourcesStatus=[*] containerID=s image+=s
  imageID+=s lastState=ContainerState name+=s ready+=b resources=ResourceRequirements
  restartCount+=i started=b state=ContainerState stopSignal=s user=ContainerUser
  volumeMounts=[VolumeMountStatus|mountPath]
ContainerState: running=ContainerStateRunning terminated=ContainerStateTerminated
  waiting=ContainerStateWaiting
ContainerStateRunning: startedAt=t
ContainerStateTerminated: containerID=s exitCode+=i finishedAt=t message=s reason=s signal=i
  startedAt=t
ContainerStateWaiting: message=s reason=s
ContainerUser: linux=LinuxContainerUser
LinuxContainerUser: gid+=l supplementalGroups=[l] uid+=l
VolumeMountStatus: mountPath+=s name+=s readOnly=b recursiveReadOnly=s
HostIP: ip+=s
PodIP: ip+=s
ConfigMap: binaryData={s} data={s} immutable=b
Secret: data={s} immutable=b stringData={s} type=s:Opaque
Service: spec=ServiceSpec status=ServiceStatus
ServiceSpec: allocateLoadBalancerNodePorts=b clusterIP=s clusterIPs=[s] externalIPs=[s]
  externalName=s externalTrafficPolicy=s healthCheckNodePort=i internalTrafficPolicy=s
  ipFamilies=[s] ipFamilyPolicy=s loadBalancerClass=s loadBalancerIP=s
  loadBalancerSourceRanges=[s] ports=[ServicePort|port,protocol] publishNotReadyAddresses=b
  selector={s}! sessionAffinity=s:None sessionAffinityConfig=SessionAffinityConfig
  trafficDistribution=s type=s:ClusterIP
ServicePort: appProtocol=s name=s nodePort=i port+=i protocol=s:TCP targetPort=x
SessionAffinityConfig: clientIP=ClientIPConfig
ClientIPConfig: timeoutSeconds=i
ServiceStatus: conditions=[Condition|type] loadBalancer=LoadBalancerStatus:{}
Condition: lastTransitionTime+=t message+=s observedGeneration=l reason+=s status+=s type+=s
LoadBalancerStatus: ingress=[LoadBalancerIngress]
LoadBalancerIngress: hostname=s ip=s ipMode=s ports=[PortStatus]
PortStatus: error=s port+=i protocol+=s
Namespace: spec=NamespaceSpec status=NamespaceStatus
NamespaceSpec: finalizers=[s]
NamespaceStatus: conditions=[NamespaceCondition|type] phase=s
NamespaceCondition: lastTransitionTime=t message=s reason=s status+=s type+=s
Node: spec=NodeSpec status=NodeStatus
NodeSpec: configSource=NodeConfigSource externalID=s podCIDR=s podCIDRs=[s]! providerID=s
  taints=[Taint] unschedulable=b
NodeConfigSource: configMap=ConfigMapNodeConfigSource
ConfigMapNodeConfigSource: kubeletConfigKey+=s name+=s namespace+=s resourceVersion=s uid=s
Taint: effect+=s key+=s timeAdded=t value=s
NodeStatus: addresses=[NodeAddress|type] allocatable={q} capacity={q}
  conditions=[NodeCondition|type] config=NodeConfigStatus daemonEndpoints=NodeDaemonEndpoints
  declaredFeatures=[s] features=NodeFeatures images=[ContainerImage] nodeInfo=NodeSystemInfo
  phase=s runtimeHandlers=[NodeRuntimeHandler] volumesAttached=[AttachedVolume] volumesInUse=[s]
NodeAddress: address+=s type+=s
NodeCondition: lastHeartbeatTime=t lastTransitionTime=t message=s reason=s status+=s type+=s
NodeConfigStatus: active=NodeConfigSource assigned=NodeConfigSource error=s
  lastKnownGood=NodeConfigSource
NodeDaemonEndpoints: kubeletEndpoint=DaemonEndpoint
DaemonEndpoint: Port+=i
NodeFeatures: supplementalGroupsPolicy=b
ContainerImage: names=[s] sizeBytes=l
NodeSystemInfo: architecture+=s bootID+=s containerRuntimeVersion+=s kernelVersion+=s
  kubeProxyVersion+=s kubeletVersion+=s machineID+=s operatingSystem+=s osImage+=s
  swap=NodeSwapStatus systemUUID+=s
NodeSwapStatus: capacity=l
NodeRuntimeHandler: features=NodeRuntimeHandlerFeatures name=s
NodeRuntimeHandlerFeatures: recursiveReadOnlyMounts=b userNamespaces=b
AttachedVolume: devicePath+=s name+=s
Event: action=s count=i eventTime=m firstTimestamp=t involvedObject+=ObjectReference!
  lastTimestamp=t message=s reason=s related=ObjectReference! reportingComponent=s
  reportingInstance=s series=EventSeries source=EventSource type=s note=s
  regarding=ObjectReference! reportingController=s deprecatedSource=EventSource
  deprecatedFirstTimestamp=t deprecatedLastTimestamp=t deprecatedCount=i
ObjectReference: apiVersion=s fieldPath=s kind=s name=s namespace=s resourceVersion=s uid=s
EventSeries: count=i lastObservedTime=m
EventSource: component=s host=s
ResourceQuota: spec=ResourceQuotaSpec status=ResourceQuotaStatus
ResourceQuotaSpec: hard={q} scopeSelector=ScopeSelector! scopes=[s]
ScopeSelector: matchExpressions=[ScopedResourceSelectorRequirement]
ScopedResourceSelectorRequirement: operator+=s scopeName+=s values=[s]
ResourceQuotaStatus: hard={q} used={q}
Lease: spec=LeaseSpec
LeaseSpec: acquireTime=m holderIdentity=s leaseDurationSeconds=i leaseTransitions=i
  preferredHolder=s renewTime=m strategy=s
PodDisruptionBudget: spec=PodDisruptionBudgetSpec status=PodDisruptionBudgetStatus
PodDisruptionBudgetSpec: maxUnavailable=x minAvailable=x selector=LabelSelector!
  unhealthyPodEvictionPolicy=s
PodDisruptionBudgetStatus: conditions=[Condition|type] currentHealthy+=i desiredHealthy+=i
  disruptedPods={t} disruptionsAllowed+=i expectedPods+=i observedGeneration=l
CustomResourceDefinition: spec+=CustomResourceDefinitionSpec
  status=CustomResourceDefinitionStatus
CustomResourceDefinitionSpec: conversion=CustomResourceConversion group+=s
  names+=CustomResourceDefinitionNames preserveUnknownFields=b scope+=s
  versions+=[CustomResourceDefinitionVersion]
CustomResourceConversion: strategy+=s webhook=WebhookConversion
WebhookConversion: clientConfig=WebhookClientConfig conversionReviewVersions+=[s]
WebhookClientConfig: caBundle=s service=ServiceReference url=s
ServiceReference: name+=s namespace+=s path=s port=i
CustomResourceDefinitionNames: categories=[s] kind+=s listKind=s plural+=s shortNames=[s]
  singular=s
CustomResourceDefinitionVersion: additionalPrinterColumns=[CustomResourceColumnDefinition]
  deprecated=b deprecationWarning=s name+=s schema=CustomResourceValidation
  selectableFields=[SelectableField] served+=b storage+=b
  subresources=CustomResourceSubresources
CustomResourceColumnDefinition: description=s format=s jsonPath+=s name+=s priority=i type+=s
CustomResourceValidation: openAPIV3Schema=*
SelectableField: jsonPath+=s
CustomResourceSubresources: scale=CustomResourceSubresourceScale
  status=CustomResourceSubresourceStatus
CustomResourceSubresourceScale: labelSelectorPath=s specReplicasPath+=s statusReplicasPath+=s
CustomResourceSubresourceStatus:
CustomResourceDefinitionStatus: acceptedNames=CustomResourceDefinitionNames
  conditions=[CustomResourceDefinitionCondition|type] observedGeneration=l storedVersions=[s]
CustomResourceDefinitionCondition: lastTransitionTime=t message=s observedGeneration=l reason=s
  status+=s type+=s
)";

// What explain says. Two blanks part the path from the text.
const std::string_view kBuiltinDescriptions = R"(
Pod  Pod is a collection of containers that can run on a host.
Pod.spec  Specification of the desired behavior of the pod.
Pod.spec.containers  List of containers belonging to the pod.
Pod.spec.containers.name  Name of the container, unique in the pod.
Pod.spec.containers.image  Container image name.
Pod.spec.containers.command  Entrypoint array.
Pod.spec.containers.args  Arguments to the entrypoint.
Pod.spec.containers.workingDir  Container's working directory.
Pod.spec.containers.env  Environment variables to set in the container.
Pod.spec.containers.ports  Ports to expose from the container.
Pod.spec.containers.resources  Compute resources required by this container.
Pod.spec.containers.readinessProbe  Periodic probe of container service readiness.
Pod.spec.containers.volumeMounts  Volumes to mount into the container.
Pod.spec.volumes  Volumes that containers of the pod can mount.
Pod.spec.nodeName  The node that the pod runs on.
Pod.spec.restartPolicy  Always, OnFailure or Never.
Pod.spec.terminationGracePeriodSeconds  Seconds between the termination signal and the kill.
Pod.status  Most recently observed status of the pod.
Pod.status.phase  Pending, Running, Succeeded, Failed or Unknown.
Pod.status.podIP  IP address of the pod.
Pod.status.conditions  Current service state of the pod.
ConfigMap  ConfigMap holds configuration data for pods to consume.
ConfigMap.data  Data contains the configuration data.
ConfigMap.binaryData  BinaryData contains the binary data, base64 encoded.
ConfigMap.immutable  If true, the data cannot be updated.
Secret  Secret holds secret data of a certain type.
Secret.data  Data contains the secret data, base64 encoded.
Secret.stringData  Write-only secret data in plain text.
Secret.type  Used to facilitate programmatic handling.
Secret.immutable  If true, the data cannot be updated.
Namespace  Namespace provides a scope for Names.
Namespace.spec  Behavior of the Namespace.
Namespace.status  Current status of the Namespace.
Namespace.status.phase  Active or Terminating.
Node  Node is a worker node.
Node.spec  Behavior of a node.
Node.spec.unschedulable  No new pods are scheduled here.
Node.status  Most recently observed status of the node.
Lease  Lease defines a lease concept.
Lease.spec  Specification of the Lease.
Lease.spec.holderIdentity  The holder of the lease.
Event  Event is a report of an event somewhere in the cluster.
Event.reason  Why the event was reported, for machines.
Event.message  What happened, for people.
Event.note  What happened, for people.
Event.type  Normal or Warning.
Event.involvedObject  The object that this event is about.
Event.regarding  The object that this event is about.
CustomResourceDefinition  CustomResourceDefinition represents a resource on the API server.
CustomResourceDefinition.spec  How the user wants the resources to appear.
CustomResourceDefinition.status  Actual state of the CustomResourceDefinition.
Service  Service is a named abstraction of a group of pods and how to reach them.
Service.spec  Behavior of a service.
Service.spec.selector  Traffic goes to pods with these labels.
Service.spec.ports  Ports that this service exposes.
Service.spec.clusterIP  The address of the service; None for a headless one.
PodDisruptionBudget  PodDisruptionBudget limits how many pods evictions may take away at a time.
PodDisruptionBudget.spec  Desired behavior of the budget.
PodDisruptionBudget.spec.minAvailable  An eviction is allowed if at least this many pods stay available.
PodDisruptionBudget.spec.maxUnavailable  An eviction is allowed if at most this many pods are unavailable after it.
PodDisruptionBudget.status  Most recently observed status of the budget.
ResourceQuota  ResourceQuota limits what the pods of a namespace may use together.
ResourceQuota.spec  The desired quota.
ResourceQuota.spec.hard  The limit of each resource.
ResourceQuota.status  The quota that holds and what is used of it.
)";

}  // namespace penstock::apiserver
