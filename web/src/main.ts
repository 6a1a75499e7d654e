import './styles/app.css';
console.log('footfall');
