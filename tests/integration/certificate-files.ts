import { execFileSync } from 'node:child_process';
import { join } from 'node:path';

/** Makes a certificate that signs itself, good for a day, and its key, as files in a directory. */
export function makeCertificateFiles(directory: string): { readonly cert: string; readonly key: string } {
  const [cert, key] = [join(directory, 'cert.pem'), join(directory, 'key.pem')];
  const request = ['req', '-x509', '-nodes', '-days', '1', '-subj', '/CN=im.example.com', '-newkey', 'ec'];
  const curve = ['-pkeyopt', 'ec_paramgen_curve:prime256v1'];
  execFileSync('openssl', [...request, ...curve, '-keyout', key, '-out', cert], { stdio: 'pipe' });
  return { cert, key };
}
