#!/usr/bin/env bash
# Lays Spark, as PyPI's pyspark carries it, with its Kafka connector into .deps/spark, for `make engine-test`. Needs
# what deploy/build/setup.sh installs. Does nothing where it has already run on these very files.
set -euo pipefail
cd "$(dirname "$0")/../.."
here=deploy/spark
spark=.deps/spark
stamp=$(cat $here/requirements.txt $here/pom.xml $here/jars.sha256 | sha256sum)
[ -f $spark/stamp ] && [ "$(cat $spark/stamp)" = "$stamp" ] && exit 0

mkdir -p $spark/download
rm -rf $spark/home $spark/stamp $spark/unpacked $spark/connectors
echo "spark: pyspark (434 MB)"
.deps/venv/bin/pip download -q --disable-pip-version-check --no-deps --only-binary=:all: --no-binary=pyspark \
  --no-build-isolation --require-hashes -d $spark/download -r $here/requirements.txt
mkdir $spark/unpacked
tar xzf $spark/download/pyspark-*.tar.gz -C $spark/unpacked --strip-components=1
# As its setup.py would install it: the distribution's folders inside the Python package.
mv $spark/unpacked/deps/{bin,sbin,jars} $spark/unpacked/pyspark/
mkdir -p $spark/unpacked/pyspark/python/lib
mv $spark/unpacked/lib/*.zip $spark/unpacked/pyspark/python/lib/
rm -rf $spark/unpacked/{deps,lib}
.deps/venv/bin/pip install -q --disable-pip-version-check --no-deps --no-index --target $spark/unpacked \
  $spark/download/*.whl

echo "spark: connectors"
mvn -q -B -f $here/pom.xml dependency:copy-dependencies -DincludeScope=runtime \
  -DoutputDirectory="$PWD/$spark/connectors"
(cd $spark/connectors && sha256sum --quiet -c "$OLDPWD/$here/jars.sha256")
cp $spark/connectors/*.jar $spark/unpacked/pyspark/jars/
mv $spark/unpacked $spark/home
rm -rf $spark/download $spark/connectors
echo "$stamp" >$spark/stamp
