#!/usr/bin/env bash
# Ceph's radosgw on an in-memory store: loopback only, no block device, no service manager, everything below one folder.
#   radosgw.sh DIR PORT    PORT for S3, PORT+1 and PORT+2 for the monitor. Prints "ready" and runs until it is ended.
# Debian: apt-get install --no-install-recommends radosgw ceph-mon ceph-osd ceph-mgr ceph-common uuid-runtime
set -euo pipefail
dir=${1:?DIR} port=${2:?PORT}
mkdir -p "$dir"/{keys,log,run,mon,osd/0,mgr/x,rgw}
dir=$(cd "$dir" && pwd) fsid=$(uuidgen) v2=$((port + 1)) v1=$((port + 2))
cd "$dir"
pids=()
# Without the shell's notices of killed jobs.
finish() { trap - EXIT; exec 2>/dev/null; kill -9 "${pids[@]}" 2>/dev/null || true; wait || true; }
trap finish EXIT
trap 'exit 0' TERM INT HUP

cat >ceph.conf <<CONF
[global]
fsid = $fsid
keyring = $dir/keys/admin
mon_host = [v2:127.0.0.1:$v2,v1:127.0.0.1:$v1]
ms_bind_ipv6 = false
auth_cluster_required = cephx
auth_service_required = cephx
auth_client_required = cephx
run_dir = $dir/run
admin_socket = $dir/run/\$name.asok
log_file = $dir/log/\$name.log
osd_pool_default_size = 1
osd_pool_default_min_size = 1
osd_pool_default_pg_num = 4
osd_pool_default_pgp_num = 4
osd_pool_default_pg_autoscale_mode = off
mon_allow_pool_size_one = true
mon_data = $dir/mon/\$id
osd_data = $dir/osd/\$id
mgr_data = $dir/mgr/\$id
osd_objectstore = memstore
memstore_device_bytes = 6442450944
osd_crush_chooseleaf_type = 0
mon_max_pg_per_osd = 1000
osd_class_load_list = *
osd_class_default_list = *
[client.rgw]
rgw_sts_key = abcdefghijklmnop
rgw_s3_auth_use_sts = true
keyring = $dir/rgw/keyring
rgw_frontends = beast endpoint=127.0.0.1:$port
rgw_data = $dir/rgw
[osd]
keyring = $dir/osd/0/keyring
public_addr = 127.0.0.1
cluster_addr = 127.0.0.1
[mgr]
keyring = $dir/mgr/x/keyring
public_addr = 127.0.0.1
CONF

ceph() { timeout 20 /usr/bin/ceph -c ceph.conf "$@" 2>>log/ceph.out; }
listens() { (echo >"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }
# Tries COMMAND up to a minute.
until_true() { for _ in $(seq 1 240); do "$@" && return 0; sleep 0.25; done; return 1; }
osd_is_up() { ceph osd stat | grep -q '1 up'; }

{
  ceph-authtool -C keys/mon --gen-key -n mon. --cap mon 'allow *'
  ceph-authtool -C keys/admin --gen-key -n client.admin --cap mon 'allow *' --cap osd 'allow *' --cap mgr 'allow *'
  ceph-authtool keys/mon --import-keyring keys/admin
  monmaptool --create --clobber --fsid "$fsid" --addv a "[v2:127.0.0.1:$v2,v1:127.0.0.1:$v1]" monmap
  ceph-mon --mkfs -i a --monmap monmap -c ceph.conf --keyring keys/mon --no-mon-config
} >log/setup.out 2>&1
ceph-mon -i a -c ceph.conf -f >log/mon.out 2>&1 & pids+=($!)
until_true listens "$v2"
ceph osd new "$(uuidgen)" >/dev/null
ceph auth get-or-create osd.0 mon 'allow profile osd' mgr 'allow profile osd' osd 'allow *' >osd/0/keyring
ceph auth get-or-create mgr.x mon 'allow profile mgr' osd 'allow *' mds 'allow *' >mgr/x/keyring
ceph auth get-or-create client.rgw mon 'allow rw' osd 'allow rwx' mgr 'allow rw' >rgw/keyring
ceph-osd -i 0 --mkfs --osd-uuid "$(ceph osd dump -f json | grep -o '"uuid":"[^"]*"' | cut -d'"' -f4)" -c ceph.conf --no-mon-config >>log/setup.out 2>&1
ceph-osd -i 0 -c ceph.conf -f >log/osd.out 2>&1 & pids+=($!)
ceph-mgr -i x -c ceph.conf -f >log/mgr.out 2>&1 & pids+=($!)
until_true osd_is_up
radosgw -f -n client.rgw -c ceph.conf >log/rgw.out 2>&1 & pids+=($!)
until_true listens "$port"
timeout 60 radosgw-admin -c ceph.conf -n client.rgw user create --uid=test --display-name=test \
  --access-key=testaccess --secret-key=testsecret123 >>log/setup.out 2>&1
echo ready
# Whoever started us holds our stdin; when it goes, we go.
cat >/dev/null
