#!/bin/sh
# What a container of the Spark image does: `driver` and `executor` are how Spark on Kubernetes calls it, `master` and
# `worker` make a standalone cluster, `submit` runs the command iolaus on it, and anything else is a command of its own.
# Spark on Kubernetes gives its values in SPARK_*. A variable that the store needs may be given as a mounted file, <NAME>_FILE.
# SPARK_AUTH_SECRET_FILE names the secret that a standalone cluster's daemons and drivers share: with it, they speak to
# nobody who has another, and encrypt what they say.
set -eu

for name in AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY; do
  eval "file=\${${name}_FILE-}"
  if [ -n "$file" ]; then
    export "$name=$(cat "$file")"
  fi
done

if [ -n "${SPARK_AUTH_SECRET_FILE-}" ]; then
  secret=$(cat "$SPARK_AUTH_SECRET_FILE")
  if [ -z "$secret" ]; then
    echo "SPARK_AUTH_SECRET_FILE names $SPARK_AUTH_SECRET_FILE, which is empty; write a secret into it: openssl rand -hex 32" >&2
    exit 2
  fi
  # Spark takes it from its configuration alone. A file of the container's own memory, so that no argument has it.
  own=$(mktemp -d)
  cp -RL "$SPARK_CONF_DIR"/* "$own"
  chmod -R u+w "$own"
  {
    echo
    echo "spark.authenticate true"
    echo "spark.network.crypto.enabled true"
    echo "spark.network.crypto.saslFallback false"
    echo "spark.authenticate.secret $secret"
  } >> "$own/spark-defaults.conf"
  export SPARK_CONF_DIR="$own"
fi

case ${1:-} in
  driver)
    shift
    exec "$SPARK_HOME/bin/spark-submit" --conf "spark.driver.bindAddress=$SPARK_DRIVER_BIND_ADDRESS" --deploy-mode client "$@"
    ;;
  executor)
    # Java options are numbered variables, SPARK_JAVA_OPT_0 and so on, one option in each.
    set --
    number=0
    while eval "option=\${SPARK_JAVA_OPT_$number-}" && [ -n "$option" ]; do
      set -- "$@" "$option"
      number=$((number + 1))
    done
    exec java "$@" "-Xms$SPARK_EXECUTOR_MEMORY" "-Xmx$SPARK_EXECUTOR_MEMORY" \
      -cp "${SPARK_EXTRA_CLASSPATH:+$SPARK_EXTRA_CLASSPATH:}$SPARK_CONF_DIR:$SPARK_HOME/jars/*" \
      org.apache.spark.scheduler.cluster.k8s.KubernetesExecutorBackend \
      --driver-url "$SPARK_DRIVER_URL" --executor-id "$SPARK_EXECUTOR_ID" --cores "$SPARK_EXECUTOR_CORES" \
      --app-id "$SPARK_APPLICATION_ID" --hostname "$SPARK_EXECUTOR_POD_IP" \
      --resourceProfileId "$SPARK_RESOURCE_PROFILE_ID" --podName "$SPARK_EXECUTOR_POD_NAME"
    ;;
  master)
    exec "$SPARK_HOME/bin/spark-class" org.apache.spark.deploy.master.Master --host "$(hostname)" --port 7077 --webui-port 8080
    ;;
  worker)
    exec "$SPARK_HOME/bin/spark-class" org.apache.spark.deploy.worker.Worker --work-dir /var/tmp/spark "${SPARK_MASTER:-spark://master:7077}"
    ;;
  submit)
    shift
    # Options are words without spaces, so that they may be given in one variable.
    # shellcheck disable=SC2086
    exec "$SPARK_HOME/bin/spark-submit" --master "${SPARK_MASTER:-spark://master:7077}" ${SPARK_SUBMIT_OPTIONS:-} /opt/iolaus/submit.py "$@"
    ;;
  *)
    exec "$@"
    ;;
esac
